// Keeps the stream of events open as long as an event is running.
//
// Gradio's server closes the stream when no event is left. If the page has sent a new event at that very moment,
// Gradio's client (6.31) takes the stream for open when the answer arrives, and sees it close right after: nothing
// listens to the new event, which stays pending forever. So the stream is opened again here, before the client
// notices that it was closed.
//
// In the head of the page, so that it runs before Gradio's client.

const START_OF_MESSAGE = /^data: \{"msg":"(\w+)","event_id":(?:"(\w+)"|null)/;

(() => {
  const { fetch } = window;
  /** @type {Set<string>} ids of the events that were accepted and have not completed */
  const running = new Set();

  window.fetch = async (input, init) => {
    const { pathname } = new URL(input instanceof Request ? input.url : input, document.baseURI);
    if (pathname.endsWith("/queue/join")) return join(await fetch(input, init));
    if (pathname.endsWith("/queue/data")) return listen(new Request(input, init));
    return fetch(input, init);
  };

  /** Remembers the event before the client sees the answer. @param {Response} response */
  async function join(response) {
    if (response.ok) running.add((await response.clone().json()).event_id);
    return response;
  }

  /** @param {Request} request  of the stream of events */
  async function listen(request) {
    const response = await fetch(request.clone());
    if (!response.ok || !response.body) return response;
    const parts = messages(response.body, () => fetch(request.clone())), encoder = new TextEncoder();
    const body = new ReadableStream({
      async pull(controller) {
        try {
          const { done, value } = await parts.next();
          if (done) controller.close();
          else controller.enqueue(encoder.encode(value));
        } catch (error) {
          if (!request.signal.aborted) throw error;
          controller.close();  // by the client, which needs no more of it
        }
      },
    });
    return new Response(body, response);
  }

  /**
   * The messages of a stream and of those that follow it while an event is running.
   * @param {ReadableStream<Uint8Array>} first
   * @param {() => Promise<Response>} again
   * @returns {AsyncGenerator<string, void>}
   */
  async function* messages(first, again) {
    for (let body = first; ;) {
      let isClosed = false;
      for await (const message of split(body)) {
        const [, kind, event] = START_OF_MESSAGE.exec(message) ?? [];
        if (kind === "process_completed") running.delete(event);
        if (kind === "unexpected_error") running.clear();  // the server has lost them
        isClosed = kind === "close_stream" && running.size > 0;
        if (!isClosed) yield message;
      }
      if (!isClosed) return;
      const response = await again();
      if (!response.ok || !response.body) throw new Error("The stream of events is gone: " + response.status);
      body = response.body;
    }
  }

  /** The messages in a stream, each with the empty line after it. @param {ReadableStream<Uint8Array>} body */
  async function* split(body) {
    const reader = body.getReader(), decoder = new TextDecoder();
    let rest = "";
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      const parts = (rest + decoder.decode(value, { stream: true })).split("\n\n");
      rest = parts.pop() ?? "";
      for (const part of parts) yield part + "\n\n";
    }
  }
})();

// Begins every page: Gradio's own few texts, and ours in the browser, are in the language of the page, whatever
// the browser's is. Language, texts and Gradio's labels (English -> translation) are filled in by languages.py.
(() => {
  const language = "{language}";
  /** @type {Record<string, string>} */
  const labels = Object("{labels}");
  Reflect.set(globalThis, "pageTexts", "{texts}");
  document.documentElement.lang = language;
  Object.defineProperty(navigator, "language", { value: language });
  Object.defineProperty(navigator, "languages", { value: [language] });
  // The same place in the other language: only the address as it is now tells which it is.
  document.addEventListener("click", (event) => {
    const link = event.target instanceof Element && event.target.closest("a[data-language]");
    if (!(link instanceof HTMLAnchorElement)) return;
    const address = new URL(link.href);
    const query = new URLSearchParams(location.search);
    query.set("lang", link.dataset.language ?? "");
    address.search = query.toString();
    link.href = address.href;
  });
  // Labels that are fixed in Gradio's code, and the line that tells how far an event is.
  const translate = (/** @type {Node} */ node) => {
    if (node instanceof Text) {
      if (!node.parentElement?.closest(".progress-text")) return;
      const text = Object.entries(labels).reduce((old, [english, own]) => old.replace(english, own), node.data);
      if (text !== node.data) node.data = text;
    } else if (node instanceof Element) {
      for (const element of [node, ...node.querySelectorAll("[aria-label]")]) {
        const label = labels[element.getAttribute("aria-label") ?? ""];
        if (label) element.setAttribute("aria-label", label);
      }
      for (const line of node.querySelectorAll(".progress-text")) line.childNodes.forEach(translate);
    }
  };
  if (!Object.keys(labels).length) return;
  new MutationObserver((changes) => {
    for (const change of changes) {
      if (change.type === "childList") change.addedNodes.forEach(translate);
      else translate(change.target);
    }
  }).observe(document, { subtree: true, childList: true, characterData: true, attributeFilter: ["aria-label"] });
})();

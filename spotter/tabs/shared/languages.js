// Begins every page: Gradio's own few texts, and ours in the browser, are in the language of the page, whatever
// the browser's is. Language and texts (English -> translation) are filled in by languages.py.
(() => {
  const language = "{language}";
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
})();

/**
 * The English text in the language of the page, with values in place of its {names}. Write it out: the texts to
 * be translated are found by reading the code. The translations come with the page, see languages.js.
 * @param {string} english
 * @param {Record<string, string | number>} [values]
 * @returns {string}
 */
export function tr(english, values = {}) {
  /** @type {Record<string, string>} */
  const texts = Reflect.get(globalThis, "pageTexts") ?? {};
  return (texts[english] || english).replace(/\{(\w+)\}/g, (place, name) => String(values[name] ?? place));
}

import { stripVTControlCharacters } from 'node:util';

/** Text without what XML 1.0 can't carry, in any spelling: control characters, lone surrogates, U+FFFE and U+FFFF. Escape sequences of terminals go as a whole. */
export function xmlText(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for.
  return stripVTControlCharacters(text).toWellFormed().replaceAll(/[\u0000-\u0008\u000B\u000C\u000E-\u001F\u007F\uFFFE\uFFFF]/g, '');
}

const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

/** Text for an element's content, also of HTML. */
export const escapeXml = (text: string): string => xmlText(text).replaceAll(/[&<>"']/g, (character) => entities[character] ?? character);

/** Text for an attribute's value: line ends and tabs would be made blanks by the parser. */
export const escapeAttribute = (text: string): string =>
  escapeXml(text).replaceAll(/[\t\n\r]/g, (character) => `&#${character.charCodeAt(0)};`);

/** An element; attributes without a value are left out, and children are XML already. */
export function element(name: string, attributes: Readonly<Record<string, string | number | null>>, children: readonly string[] = []): string {
  const words = Object.entries(attributes).flatMap(([key, value]) => (value === null ? [] : [` ${key}="${escapeAttribute(String(value))}"`]));
  const start = `<${name}${words.join('')}`;
  return children.length === 0 ? `${start}/>` : `${start}>${children.join('')}</${name}>`;
}

import { stripSequences } from '../model/terminal-text.ts';

/** Whether XML 1.0 has a place for a character. Source: its production `Char` without carriage return, C1 and DEL, which terminals obey. */
function isXmlCharacter(character: string): boolean {
  const code = character.codePointAt(0) ?? 0;
  if (code < 0x20) return code === 0x09 || code === 0x0a;
  return (code < 0x7f || code > 0x9f) && code !== 0xfffe && code !== 0xffff;
}

/** Text without escape sequences of terminals, and without characters that XML can't carry in any spelling. */
export function xmlText(text: string): string {
  return Array.from(stripSequences(text).toWellFormed()).filter(isXmlCharacter).join('');
}

const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

/** Text for an element's content, also of HTML. */
export const escapeXml = (text: string): string => xmlText(text).replaceAll(/[&<>"']/g, (character) => entities[character] ?? character);

/** Text for an attribute's value: line ends and tabs would be made blanks by the parser. */
export const escapeAttribute = (text: string): string => escapeXml(text).replaceAll(/[\t\n\r]/g, (character) => `&#${character.charCodeAt(0)};`);

/** An element; attributes without a value are left out, and children are XML already. */
export function element(name: string, attributes: Readonly<Record<string, string | number | null>>, children: readonly string[] = []): string {
  const words = Object.entries(attributes).flatMap(([key, value]) => (value === null ? [] : [` ${key}="${escapeAttribute(String(value))}"`]));
  const start = `<${name}${words.join('')}`;
  return children.length === 0 ? `${start}/>` : `${start}>${children.join('')}</${name}>`;
}

import { stripVTControlCharacters } from 'node:util';
import stringWidth from 'string-width';

/** Longer lines are cut: no screen shows more, and cleaning must stay cheap. In UTF-16 units. */
const longestLine = 4096;
const tabWidth = 8;

const plain = /^[\x20-\x7e]*$/;
/** C0 (but the tab), DEL, C1, and what moves, hides or joins characters: terminals disagree on its width. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what this removes.
const unsafe =
  /[\x00-\x08\x0a-\x1f\x7f-\x9f\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;

function expandTabs(text: string): string {
  let line = '';
  for (const part of text.split(/(\t)/)) line += part === '\t' ? ' '.repeat(tabWidth - (stringWidth(line) % tabWidth)) : part;
  return line;
}

/**
 * A log line that can't break a frame: no control sequence, no control character, tabs as blanks.
 * Wide and combining characters stay; joiners and variation selectors go, because terminals measure them differently.
 */
export function cleanLine(raw: string): string {
  const line = raw.length > longestLine ? raw.slice(0, longestLine) : raw;
  if (plain.test(line)) return line;
  const safe = stripVTControlCharacters(line).replace(unsafe, '');
  return safe.includes('\t') ? expandTabs(safe) : safe;
}

import stringWidth from 'string-width';
import { stripControls } from '../../src/model/terminal-text.ts';

/** Longer lines are cut: no screen shows more, and cleaning must stay cheap. In UTF-16 units. */
const longestLine = 4096;
const tabWidth = 8;

const plain = /^[\x20-\x7e]*$/;
/** Controls, marks that turn the direction, lone halves of pairs, joiners and variation selectors. The tab stays. */
const unsafe = /(?!\t)\p{Cc}|\p{Cf}|\p{Cs}|\p{Variation_Selector}|\p{Zl}|\p{Zp}/gu;

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
  const safe = stripControls(line).replace(unsafe, '');
  return safe.includes('\t') ? expandTabs(safe) : safe;
}

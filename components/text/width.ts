import stringWidth from 'string-width';

const plain = /^[\x20-\x7e]*$/;
const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' });

/** Columns that a text takes. */
export const widthOf = (text: string): number => (plain.test(text) ? text.length : stringWidth(text));

/** The longest start of a text that fits into `width` columns. */
export function headOf(text: string, width: number): string {
  if (plain.test(text)) return text.slice(0, Math.max(0, width));
  let head = '';
  let used = 0;
  for (const { segment } of graphemes.segment(text)) {
    const next = stringWidth(segment);
    if (used + next > width) break;
    head += segment;
    used += next;
  }
  return head;
}

/** The text itself, or its start and `…` where it is too long. */
export function shorten(text: string, width: number): string {
  if (widthOf(text) <= width) return text;
  return width <= 0 ? '' : `${headOf(text, width - 1)}…`;
}

/** The text, shortened or padded to exactly `width` columns. */
export function fit(text: string, width: number, align: 'left' | 'right' = 'left'): string {
  const short = shorten(text, width);
  const blanks = ' '.repeat(Math.max(0, width - widthOf(short)));
  return align === 'left' ? short + blanks : blanks + short;
}

/** Cuts a text into rows of at most `width` columns, between words where that is possible. */
export function wrapText(text: string, width: number): string[] {
  if (width <= 0) return [];
  const rows: string[] = [];
  let rest = text;
  while (widthOf(rest) > width) {
    const head = headOf(rest, width) || (graphemes.segment(rest).containing(0)?.segment ?? rest);
    const blank = head.lastIndexOf(' ');
    const end = blank > width / 2 ? blank + 1 : head.length;
    rows.push(rest.slice(0, end).trimEnd());
    rest = rest.slice(end);
  }
  return rest === '' && rows.length > 0 ? rows : [...rows, rest];
}

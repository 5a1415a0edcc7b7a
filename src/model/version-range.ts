/** Compares dotted numbers piece by piece; a missing piece counts as 0. What follows the number (`-56-cloud-amd64`) does not count. */
function numbersOf(version: string): readonly number[] {
  return (/^\d+(\.\d+)*/.exec(version)?.[0] ?? '').split('.').filter(Boolean).map(Number);
}

function compare(a: readonly number[], b: readonly number[]): number {
  for (let index = 0; index < Math.max(a.length, b.length); index++) {
    const difference = (a[index] ?? 0) - (b[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

const comparator = /^(>=|<=|>|<|=)?(\d+(?:\.\d+)*)$/;

/** Whether a text is a range: comparators between blanks, for example `>=6.4 <7`; a bare `6.1` stands for every 6.1. */
export function isVersionRange(text: string): boolean {
  const words = text.trim().split(/\s+/);
  return words.every((word) => comparator.test(word));
}

function holds(version: readonly number[], word: string): boolean {
  const [, operator = '=', text = ''] = comparator.exec(word) ?? [];
  const bound = numbersOf(text);
  // `6.1` means all of 6.1, and so does the bound of `<=6.1` and `>6.1`.
  const same = compare(version.slice(0, bound.length), bound);
  switch (operator) {
    case '>=':
      return compare(version, bound) >= 0;
    case '<':
      return compare(version, bound) < 0;
    case '<=':
      return same <= 0;
    case '>':
      return same > 0;
    default:
      return same === 0;
  }
}

/**
 * Whether a version lies in one of the ranges. No range holds for every version; a version that is not known lies in no range.
 *
 * @param version for example `4.1` or `6.1.0-56-cloud-amd64`.
 */
export function inRanges(version: string | null, ranges: readonly string[]): boolean {
  if (ranges.length === 0) return true;
  if (version === null) return false;
  const numbers = numbersOf(version);
  if (numbers.length === 0) return false;
  return ranges.some((range) =>
    range
      .trim()
      .split(/\s+/)
      .every((word) => holds(numbers, word)),
  );
}

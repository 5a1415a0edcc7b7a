/** Takes the common indent and the blank lines at the end away. */
export function dedent(lines: readonly string[]): string[] {
  const filled = lines.filter((line) => line.trim() !== '');
  const indent = Math.min(...filled.map((line) => line.length - line.trimStart().length));
  const result = lines.map((line) => line.slice(indent).trimEnd());
  while (result.at(-1) === '') result.pop();
  return result;
}

/**
 * The line of a Python traceback that says what was raised: the first one at the margin after the last frame.
 * A plain `Exception: ` before it says nothing and is left out. Null where there is no such line.
 *
 * @param lines what follows `Traceback (most recent call last):`, any common indent.
 */
export function exceptionOf(lines: readonly string[]): string | null {
  const dedented = dedent(lines);
  const lastFrame = dedented.findLastIndex((line) => line.startsWith('  File "'));
  // Where the exception's own text was lost, its frames are at the margin after dedent.
  const raised = dedented.slice(lastFrame + 1).find((line) => line !== '' && !line.startsWith(' '));
  if (raised === undefined || raised.startsWith('File "')) return null;
  return raised.replace(/^Exception: /, '');
}

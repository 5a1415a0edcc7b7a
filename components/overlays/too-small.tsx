import { smallest } from '../layout/layout.ts';
import { Lines } from '../text/lines.tsx';
import { fit } from '../text/width.ts';

/** Stands in where the terminal can't hold the panes. */
export function TooSmall({ columns, rows }: { readonly columns: number; readonly rows: number }) {
  const lines = [`nfstest-tui needs ${smallest.columns}x${smallest.rows};`, `this terminal has ${columns}x${rows}.`, 'Make it larger, or press q.'];
  return <Lines lines={lines.slice(0, Math.max(1, rows - 1)).map((line) => [fit(line, Math.max(1, columns - 1))])} />;
}

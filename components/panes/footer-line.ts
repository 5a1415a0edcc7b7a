import { activeBindings, type Binding, type KeyContext, keyLabel } from '../keys/key-table.ts';
import { type Line, lineWidth, span } from '../text/line.ts';
import type { Mode } from '../ui/ui-state.ts';

const entry = ({ keys, short }: Binding): Line => [span(keyLabel(keys[0] ?? ''), 'key'), ` ${short}`];

/** Help and the way out are always there. */
const last = ['help', 'quit'];

/** The keys that work now, as many as fit. */
export function footerKeys(mode: Mode, context: KeyContext, width: number): Line {
  const bindings = activeBindings(mode, context).filter(({ short }) => short !== undefined);
  const tail = bindings.filter(({ id }) => mode === 'main' && last.includes(id));
  const gap = '  ';
  const join = (entries: readonly Line[]): Line => entries.flatMap((line): Line => [...line, gap]);
  const tailLine = join(tail.map(entry));
  let line: Line = [' '];
  for (const binding of bindings.filter((candidate) => !tail.includes(candidate))) {
    const next = [...line, ...join([entry(binding)])];
    if (lineWidth(next) + lineWidth(tailLine) <= width) line = next;
  }
  return [...line, ...tailLine];
}

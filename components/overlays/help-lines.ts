import { type Binding, bindingsOf, type KeyContext, keyLabel } from '../keys/key-table.ts';
import { type Line, span } from '../text/line.ts';
import { fit } from '../text/width.ts';

const keysWidth = 9;
const textWidth = 27;

function keysOf({ id, keys }: Binding): string {
  if (id === 'focus' || id === 'lane') return `${keys[0]}-${keys.at(-1)}`;
  return keys.map(keyLabel).join(' ');
}

const entry = (binding: Binding | undefined): Line =>
  binding === undefined ? [] : [span(fit(keysOf(binding), keysWidth), 'key'), ' ', fit(binding.help, textWidth)];

/** All keys of the panes, in two columns. */
export function helpLines(context: Pick<KeyContext, 'controller' | 'view'>): Line[] {
  const bindings = bindingsOf(context).filter(({ modes = ['main'] }) => modes.includes('main'));
  const half = Math.ceil(bindings.length / 2);
  return Array.from({ length: half }, (_, index) => [...entry(bindings[index]), ' ', ...entry(bindings[index + half])]);
}

import { type Binding, type KeyContext, keyLabel, keyTable } from '../keys/key-table.ts';
import { type Line, span } from '../text/line.ts';
import { fit } from '../text/width.ts';

const keysWidth = 9;
const textWidth = 27;

function keysOf({ id, keys }: Binding): string {
  if (id === 'focus') return '1-5';
  return keys.map(keyLabel).join(' ');
}

const entry = (binding: Binding | undefined): Line =>
  binding === undefined ? [] : [span(fit(keysOf(binding), keysWidth), 'key'), ' ', fit(binding.help, textWidth)];

/** All keys of the panes in two columns. Those of a replay are shown in one, those of a live run in the other. */
export function helpLines({ controller }: Pick<KeyContext, 'controller'>): Line[] {
  const bindings = keyTable.filter(({ modes = ['main'], help }) => modes.includes('main') && (controller.player !== null || !help.startsWith('replay:')));
  const half = Math.ceil(bindings.length / 2);
  return Array.from({ length: half }, (_, index) => [...entry(bindings[index]), ' ', ...entry(bindings[index + half])]);
}

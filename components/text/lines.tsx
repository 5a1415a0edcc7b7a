import { Text } from 'ink';
import { toAscii } from '../theme/ascii.ts';
import { useTheme } from '../theme/context.ts';
import type { Theme } from '../theme/theme.ts';
import type { Line } from './line.ts';

/** One string for all lines: one node for the layout engine, whatever the number of tones. */
export function paintLines(lines: readonly Line[], { paint, ascii }: Theme): string {
  const text = lines.map((line) => line.map((part) => (typeof part === 'string' ? part : paint(part.text, part.tone))).join('')).join('\n');
  return ascii ? toAscii(text) : text;
}

/** Draws lines that have been fitted to their place. */
export function Lines({ lines }: { readonly lines: readonly Line[] }) {
  return <Text wrap="truncate">{paintLines(lines, useTheme())}</Text>;
}

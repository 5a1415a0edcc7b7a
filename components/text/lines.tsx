import { Box, Text } from 'ink';
import { stripControls } from '../../src/model/terminal-text.ts';
import { toAscii } from '../theme/ascii.ts';
import { useTheme } from '../theme/context.ts';
import type { Theme } from '../theme/theme.ts';
import type { Line } from './line.ts';

/** A line as a terminal takes it: painted here and not by nested components, because a screen has thousands of spans. */
export function paintLine(line: Line, { paint, ascii }: Theme): string {
  // What is shown was cleaned where it was measured; a name in a recording of somebody else's may have slipped through.
  const text = line.map((part) => (typeof part === 'string' ? stripControls(part) : paint(stripControls(part.text), part.tone))).join('');
  return ascii ? toAscii(text) : text;
}

/** Draws lines that have been fitted to their place. One node per line: Ink remembers the width of a line that it has seen. */
export function Lines({ lines }: { readonly lines: readonly Line[] }) {
  const theme = useTheme();
  return (
    <Box flexDirection="column">
      {lines.map((line, row) => (
        <Text key={row} wrap="truncate">
          {paintLine(line, theme) || ' '}
        </Text>
      ))}
    </Box>
  );
}

import { Box } from 'ink';
import { borderOf, bottomEdge, topEdge } from '../text/frame.ts';
import { fitLines, type Line, shortenLine } from '../text/line.ts';
import { Lines } from '../text/lines.tsx';
import { toAscii } from '../theme/ascii.ts';
import { useTheme } from '../theme/context.ts';

interface PaneFrameProps {
  readonly title: Line;
  /** At the right end of the lower border. */
  readonly note?: Line;
  readonly width: number;
  readonly height: number;
  readonly focused: boolean;
  readonly lines: readonly Line[];
  /** Blanks to the right border, for a frame that stands over others. */
  readonly opaque?: boolean;
}

/** A border with a title around lines. Its sides are drawn by Ink: lines of ASCII alone are measured ten times as fast. */
export function PaneFrame({ title, note = [], width, height, focused, lines, opaque = false }: PaneFrameProps) {
  const { ascii, colours } = useTheme();
  const { vertical } = borderOf(focused);
  const side = ascii ? toAscii(vertical) : vertical;
  const inner = width - 2;
  const shown = opaque ? fitLines(lines, inner, height - 2) : lines.slice(0, height - 2).map((line) => shortenLine(line, inner));
  return (
    <Box flexDirection="column" width={width} height={height}>
      <Lines lines={[topEdge({ text: title, width, focused })]} />
      <Box
        height={height - 2}
        flexShrink={0}
        borderStyle={{ topLeft: ' ', top: ' ', topRight: ' ', left: side, right: side, bottomLeft: ' ', bottom: ' ', bottomRight: ' ' }}
        borderTop={false}
        borderBottom={false}
        borderDimColor={!focused}
        {...(focused && colours ? { borderColor: 'cyan' } : {})}
      >
        <Lines lines={shown} />
      </Box>
      <Lines lines={[bottomEdge({ text: note, width, focused })]} />
    </Box>
  );
}

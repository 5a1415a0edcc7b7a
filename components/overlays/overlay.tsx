import { Box } from 'ink';
import type { Layout } from '../layout/layout.ts';
import { PaneFrame } from '../panes/pane-frame.tsx';
import { type Line, lineWidth, span } from '../text/line.ts';

interface OverlayProps {
  readonly layout: Pick<Layout, 'columns' | 'rows'>;
  readonly title: string;
  readonly lines: readonly Line[];
}

/** A box over the middle of the screen, as large as its text, never larger than the screen. */
export function Overlay({ layout, title, lines }: OverlayProps) {
  const widest = Math.max(title.length + 6, ...lines.map(lineWidth));
  const width = Math.min(layout.columns - 2, widest + 3);
  const height = Math.min(layout.rows - 2, lines.length + 2);
  const content = lines.map((line): Line => [' ', ...line]);
  return (
    <Box
      position="absolute"
      left={Math.floor((layout.columns - width) / 2)}
      top={Math.max(0, Math.floor((layout.rows - height) / 2))}
      width={width}
      height={height}
    >
      <PaneFrame title={[span(title, 'bold')]} width={width} height={height} focused lines={content} opaque />
    </Box>
  );
}

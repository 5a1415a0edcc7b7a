import { Box } from 'ink';
import { footerRows, headerRows, type Layout, type Place } from '../layout/layout.ts';
import { DetailPane } from './detail-pane.tsx';
import { EnvironmentPane } from './environment-pane.tsx';
import { LogPane } from './log-pane.tsx';
import { TestcasePane } from './testcase-pane.tsx';

function Pane({ place }: { readonly place: Place }) {
  switch (place.id) {
    case 'testcases':
      return <TestcasePane place={place} />;
    case 'detail':
      return <DetailPane place={place} />;
    case 'environment':
      return <EnvironmentPane place={place} />;
    default:
      return <LogPane place={place} pane={place.id} />;
  }
}

/** The panes, each at its place. */
export function Panes({ layout }: { readonly layout: Layout }) {
  return (
    <Box height={layout.rows - headerRows - footerRows} flexShrink={0}>
      {layout.places.map((place) => (
        <Box key={place.id} position="absolute" left={place.left} top={place.top - headerRows} width={place.width} height={place.height}>
          <Pane place={place} />
        </Box>
      ))}
    </Box>
  );
}

import { Box, useWindowSize } from 'ink';
import { useKeys } from './hooks/use-keys.ts';
import { useImmediate, useSampled } from './hooks/use-observable.ts';
import { SessionContext } from './hooks/use-session.ts';
import { headerRows, layoutFor } from './layout/layout.ts';
import { Overlays } from './overlays/overlays.tsx';
import { TooSmall } from './overlays/too-small.tsx';
import { Footer } from './panes/footer.tsx';
import { Header } from './panes/header.tsx';
import { Panes } from './panes/panes.tsx';
import type { Session } from './session.ts';
import { ThemeContext } from './theme/context.ts';
import type { Theme } from './theme/theme.ts';

/** The whole screen. */
export function App({ session, theme }: { readonly session: Session; readonly theme: Theme }) {
  const { columns, rows } = useWindowSize();
  const view = useSampled(session.controller.store);
  const layout = layoutFor(columns, rows, useImmediate(session.ui), view);
  session.size = { columns, rows };
  useKeys(session);
  if (layout === null) return <TooSmall columns={columns} rows={rows} />;
  return (
    <ThemeContext value={theme}>
      <SessionContext value={session}>
        <Box flexDirection="column" width={columns} height={rows}>
          <Box height={headerRows} flexShrink={0}>
            <Header width={columns} />
          </Box>
          <Panes layout={layout} />
          <Footer width={columns} />
          <Overlays layout={layout} />
        </Box>
      </SessionContext>
    </ThemeContext>
  );
}

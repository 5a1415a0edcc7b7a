import { useAnimation } from 'ink';
import type { EnvironmentState } from '../view/dashboard-view.ts';

/** Four turns a second while something runs, one a second for clocks otherwise. */
export function useTick(environment: EnvironmentState): number {
  const busy = environment === 'starting' || environment === 'running' || environment === 'stopping';
  const { frame } = useAnimation({ interval: busy ? 250 : 1000, isActive: environment !== 'stopped' && environment !== 'failed' });
  return frame;
}

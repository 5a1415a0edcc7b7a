import { useAnimation } from 'ink';
import type { EnvironmentState } from '../view/dashboard-view.ts';
import { useSession } from './use-session.ts';

/** Counts up: four times a second while something runs, once a second for clocks otherwise. */
export function useTick(environment: EnvironmentState): number {
  const { animated } = useSession();
  const busy = environment === 'starting' || environment === 'running' || environment === 'stopping';
  const over = environment === 'stopped' || environment === 'failed';
  return useAnimation({ interval: busy ? 250 : 1000, isActive: animated && !over }).frame;
}

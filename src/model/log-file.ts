import type { LogChannel } from './events.ts';

/** Name of a log in a run's folder; the lanes after the first have their own. */
export const logFile = (channel: LogChannel, lane = 0): string => (lane === 0 ? `${channel}.log` : `${channel}.lane-${lane + 1}.log`);

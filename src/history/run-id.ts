import { randomBytes } from 'node:crypto';

/** `20261124-015503-ab12`: UTC, so that names sort by time, and two random bytes. */
export const runIdPattern = /^\d{8}-\d{6}-[\da-f]{4}$/;

/** A name for a run that starts now; sorts by time to the second. */
export function newRunId(now: Date = new Date()): string {
  const [date = '', time = ''] = now.toISOString().slice(0, 19).split('T');
  return `${date.replaceAll('-', '')}-${time.replaceAll(':', '')}-${randomBytes(2).toString('hex')}`;
}

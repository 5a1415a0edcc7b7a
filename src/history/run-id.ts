import { randomInt } from 'node:crypto';

/** `20261124-015503-ab12`: UTC, so that names sort by time; the last part is the part of the second, with some chance in it. */
export const runIdPattern = /^\d{8}-\d{6}-[\da-f]{4}$/;

/** Of the 65,536 parts of a second that the name can tell apart, those that are one millisecond. */
const partsPerMs = 65;

/** A name for a run that starts now; sorts by time to the millisecond: `latest` is the newest of several runs in a second. */
export function newRunId(now: Date = new Date()): string {
  const [date = '', time = ''] = now.toISOString().slice(0, 19).split('T');
  const part = now.getUTCMilliseconds() * partsPerMs + randomInt(partsPerMs);
  return `${date.replaceAll('-', '')}-${time.replaceAll(':', '')}-${part.toString(16).padStart(4, '0')}`;
}

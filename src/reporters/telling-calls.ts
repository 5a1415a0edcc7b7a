import type { Traffic } from '../model/run-state.ts';
import { isOk, type WireCall } from '../model/wire.ts';

const mostErrors = 3;

/** A name that is looked up and is not there. */
export const isMissing = ({ status }: Pick<WireCall, 'status'>): boolean => status?.endsWith('_NOENT') ?? false;

/** The last call with an error before each of a testcase's failures; a missing name only where nothing else is wrong. */
export function telling({ windows }: Pick<Traffic, 'windows'>): readonly WireCall[] {
  const failed = windows.flatMap(({ calls }) => {
    const wrong = calls.filter(({ status }) => status !== null && !isOk(status));
    return wrong.findLast((call) => !isMissing(call)) ?? wrong.at(-1) ?? [];
  });
  // A name that is looked up and is not there is what most testcases expect.
  const strange = failed.filter((call) => !isMissing(call));
  return strange.length > 0 ? strange : failed;
}

/** The first of them as text: `RENAME /export/a → /export/b  NFS3ERR_IO`. */
export const tellingCalls = (traffic: Pick<Traffic, 'windows'>): string[] =>
  [...new Set(telling(traffic).map(({ call, object, status }) => `${call} ${object}  ${status}`))].slice(0, mostErrors);

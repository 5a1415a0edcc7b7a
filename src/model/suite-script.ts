import type { SuiteIdentity } from './events.ts';

/** The script that runs unless another is named. */
export const posixScript = 'nfstest_posix';

/** The script of a suite; recordings leave the usual one out. */
export const scriptOf = (suite: SuiteIdentity | null): string => suite?.script ?? posixScript;

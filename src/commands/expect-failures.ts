import { relative } from 'node:path';
import type { Options } from '../config/options.ts';
import { messageOf } from '../model/errors.ts';
import type { KnownFailure } from '../model/events.ts';

/**
 * Writes failures into the file of known failures.
 *
 * @param server image name without tag, whose file it is where the options name none.
 * @returns what came of it, for people.
 */
export async function expectFailures({ knownFailures }: Pick<Options, 'knownFailures'>, server: string, failures: readonly KnownFailure[]): Promise<string> {
  try {
    const { addKnownFailure, knownFailuresFile } = await import('../config/known-failures-file.ts');
    const file = knownFailuresFile(knownFailures, server);
    if (file === null) return 'KNOWN_FAILURES is none: there is no file to write to';
    for (const failure of failures) await addKnownFailure(file.path, failure);
    return `written to ${relative(process.cwd(), file.path)}; counts from the next run on`;
  } catch (error) {
    return messageOf(error);
  }
}

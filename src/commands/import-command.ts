import { relative, resolve } from 'node:path';
import { readKnownFailures } from '../config/known-failures-file.ts';
import { UserError } from '../model/errors.ts';
import { parseReporters } from '../reporters/index.ts';
import { importLog } from './import.ts';
import type { RunCommand } from './types.ts';

export const importFile: RunCommand = async ({ words: [file], switches, write, setting }) => {
  if (file === undefined) throw new UserError('which log?', 'for example: nfstest-tui import nfstest.log');
  const knownFailures = setting('KNOWN_FAILURES');
  const outputDir = setting('OUTPUT_DIR');
  // A log does not say which server it was: only a file that is named is read.
  const path = knownFailures === '' || knownFailures === 'none' ? null : resolve(knownFailures);
  const entries = path === null ? [] : await readKnownFailures({ path, explicit: true });
  const strict = setting('STRICT') === '1';
  return importLog(
    {
      file,
      json: switches.has('json'),
      reporters: parseReporters(setting('REPORTER')).filter((name) => name !== 'plain'),
      ...(outputDir === '' ? {} : { outputDir: resolve(outputDir) }),
      known: path === null ? null : { type: 'known-failures.read', source: relative(process.cwd(), path), strict, entries },
    },
    { write },
  );
};

import { UserError } from '../model/errors.ts';
import { importLog } from './import.ts';
import type { Command } from './types.ts';

export const importCommand: Command = {
  name: 'import',
  usage: 'FILE',
  summary: 'read a log of nfstest_posix from elsewhere: verdicts and exit code',
  details: ['FILE may be - for standard input.'],
  run: ({ words: [file], switches, write }) => {
    if (file === undefined) throw new UserError('which log?', 'for example: nfstest-tui import nfstest.log');
    return importLog({ file, json: switches.has('json') }, { write });
  },
};

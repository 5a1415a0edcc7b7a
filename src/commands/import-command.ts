import { UserError } from '../model/errors.ts';
import { importLog } from './import.ts';
import type { RunCommand } from './types.ts';

export const importFile: RunCommand = ({ words: [file], switches, write }) => {
  if (file === undefined) throw new UserError('which log?', 'for example: nfstest-tui import nfstest.log');
  return importLog({ file, json: switches.has('json') }, { write });
};

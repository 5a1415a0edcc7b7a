import { readdir, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { UserError } from '../model/errors.ts';
import { eventsFile } from './run-folder.ts';
import { runIdPattern } from './run-id.ts';

/** Names of the kept runs, newest first; none where the folder does not exist. */
export async function runIds(runsDir: string): Promise<string[]> {
  const names = await readdir(runsDir).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  return names
    .filter((name) => runIdPattern.test(name))
    .sort()
    .reverse();
}

const hint = '`nfstest-tui runs` lists them';

/** The run that a name without `~` stands for; -1 where there is none. */
function indexOf(name: string, ids: readonly string[]): number {
  if (name === 'latest') return ids.length > 0 ? 0 : -1;
  const matching = ids.filter((id) => id.startsWith(name));
  if (matching.length > 1) {
    const shown = matching.slice(0, 5).join(', ');
    throw new UserError(`'${name}' stands for ${matching.length} runs: ${shown}${matching.length > 5 ? ', …' : ''}`, 'give more of its name');
  }
  return matching[0] === undefined ? -1 : ids.indexOf(matching[0]);
}

/** `latest`, a run's name or its beginning (at least four digits), each with `~N` for the N-th run before it. */
const reference = /^(latest|\d{4}[\da-f-]*)(?:~(\d+))?$/;

async function folderOfPath(word: string): Promise<string | null> {
  const path = resolve(word);
  const found = await stat(path).catch(() => null);
  if (found?.isDirectory()) return path;
  if (!found?.isFile()) return null;
  if (basename(path) !== eventsFile) throw new UserError(`${word} is no recorded run`, `give a run’s folder, its ${eventsFile} or a capsule (.tar.gz)`);
  return dirname(path);
}

/**
 * The folder of a run.
 *
 * @param word `latest`, a run's name or the beginning of it, each with `~N` for the N-th run before; or the path of a run's folder or of its events.
 * @throws UserError where there is no such run, or more than one.
 */
export async function findRun(word: string, runsDir: string): Promise<string> {
  const [, name, back = '0'] = reference.exec(word) ?? [];
  if (name !== undefined) {
    const ids = await runIds(runsDir);
    const index = indexOf(name, ids);
    const id = index < 0 ? undefined : ids[index + Number(back)];
    if (id !== undefined) return join(runsDir, id);
    if (index >= 0) throw new UserError(`there are only ${ids.length - index - 1} runs before ${ids[index]}`, hint);
  }
  const folder = await folderOfPath(word);
  if (folder !== null) return folder;
  throw new UserError(`there is no run ${name === 'latest' ? `in ${runsDir}` : `'${word}'`}`, name === 'latest' ? 'start one with `nfstest-tui --ci`' : hint);
}

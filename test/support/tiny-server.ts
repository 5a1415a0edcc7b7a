import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root } from './cli.ts';

/** A recipe that a test may change. */
export interface RecipeCopy {
  readonly folder: string;
  /** Flags that choose it. */
  readonly flags: readonly string[];
  /** Changes the text of one of its files; throws where nothing changes. */
  edit(name: string, change: (text: string) => string): Promise<void>;
  remove(): Promise<void>;
}

/** The server with a fault (test/fixtures/servers/tiny) in a folder of its own. It is built on top of the reference server's image. */
export async function copyTinyServer(): Promise<RecipeCopy> {
  const folder = await mkdtemp(join(tmpdir(), 'nfstest-tui-tiny-'));
  await cp(join(root, 'test/fixtures/servers/tiny'), folder, { recursive: true });
  await cp(join(root, 'nfstest/servers/ganesha/seccomp.json'), join(folder, 'seccomp.json'));
  const edit = async (name: string, change: (text: string) => string) => {
    const before = await readFile(join(folder, name), 'utf8');
    const after = change(before);
    if (after === before) throw new Error(`the change of ${name} changes nothing`);
    await writeFile(join(folder, name), after);
  };
  await edit('server.json', (text) => text.replace(/"seccompProfile": ".*"/, '"seccompProfile": "seccomp.json"'));
  return {
    folder,
    flags: ['--image-name=tiny', `--server-config=${join(folder, 'server.json')}`],
    edit,
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}

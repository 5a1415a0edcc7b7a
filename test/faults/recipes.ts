import { cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { root } from '../support/cli.ts';
import { type FaultLab, faultsDir } from './lab.ts';

/** Copies a recipe for one fault, so that it may be changed; gives the flags that choose it. */
async function copyRecipe(lab: FaultLab, name: string, change: (text: string) => string): Promise<readonly string[]> {
  const folder = join(faultsDir, 'recipes', `${name}-${lab.nfsPort}`);
  await cp(join(root, 'test/fixtures/servers', name), folder, { recursive: true });
  await cp(join(root, 'nfstest/servers/ganesha/seccomp.json'), join(folder, 'seccomp.json'));
  const file = join(folder, 'server.json');
  await writeFile(file, change((await readFile(file, 'utf8')).replace(/"seccompProfile": "[^"]*"/, '"seccompProfile": "seccomp.json"')));
  lab.afterwards(() => rm(folder, { recursive: true, force: true }));
  return [`--image-name=${name}`, `--server-config=${file}`];
}

/** A server that misbehaves: see test/fixtures/servers/hostile/hostile.pl. */
export const hostileServer = (lab: FaultLab, mode: string): Promise<readonly string[]> =>
  copyRecipe(lab, 'hostile', (text) => text.replace('"MODE": "mute"', `"MODE": "${mode}"`));

/** A server with faults that tests find: see test/fixtures/servers/broken. */
export const brokenServer = (lab: FaultLab): Promise<readonly string[]> => copyRecipe(lab, 'broken', (text) => text);

/** A server whose build takes a minute. */
export const slowBuild = (lab: FaultLab): Promise<readonly string[]> =>
  copyRecipe(lab, 'slow-build', (text) => text.replace('"NONCE": "0"', `"NONCE": "${lab.nfsPort}-${Date.now()}"`));

/** A suite that is one script in the place of nfstest_posix, in Python; gives the flags that choose it. */
export async function fakeSuite(lab: FaultLab, script: string): Promise<readonly string[]> {
  const folder = join(faultsDir, 'suites', String(lab.nfsPort));
  await mkdir(join(folder, 'test'), { recursive: true });
  await writeFile(join(folder, 'test', 'nfstest_posix'), `#!/usr/bin/env python3\nimport os, sys, time\n${script}\n`, { mode: 0o755 });
  lab.afterwards(() => rm(folder, { recursive: true, force: true }));
  return ['--suite=nfstest', `--nfstest-src=${folder}`];
}

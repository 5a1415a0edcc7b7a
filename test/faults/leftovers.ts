import { readdir, readFile, readlink } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type Docker from 'dockerode';
import { environmentId, environmentsOnDisk } from '../../src/config/vm-files.ts';
import { labels } from '../../src/steps/labels.ts';

/** Files that only live as long as an environment does. */
export const transient = /^(qmp\.sock|agent\.sock|env\.json$|run\.lock|image\.lock|vm-test\.qcow2|capture-|lane-\d+$)|\.(takeover|tmp)$/;

/** Processes, other than this one, with the folder's path on their command line: QEMU, and tools that were not waited for. */
export async function processesOf(folder: string): Promise<readonly { readonly pid: number; readonly command: string }[]> {
  const pids = (await readdir('/proc')).map(Number).filter((pid) => Number.isInteger(pid) && pid > 0 && pid !== process.pid);
  const found = await Promise.all(
    pids.map(async (pid) => ({ pid, command: (await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')).replaceAll('\0', ' ').trim() })),
  );
  return found.filter(({ command }) => command.includes(folder) && !command.includes('/test/faults/'));
}

export const containersOf = async (docker: Docker, vmDir: string): Promise<readonly Docker.ContainerInfo[]> => {
  const ids = new Set((await environmentsOnDisk(vmDir)).map(environmentId));
  const all = await docker.listContainers({ all: true, filters: { label: [labels.environment] } });
  return all.filter(({ Labels }) => ids.has(Labels[labels.environment] ?? ''));
};

/** Those that no container has: a container of ours is told itself, and somebody else may start one meanwhile. */
export const volumesOf = async (docker: Docker): Promise<ReadonlySet<string>> =>
  new Set(((await docker.listVolumes({ filters: { dangling: ['true'] } })).Volumes ?? []).map(({ Name }) => Name));

export const isPortOpen = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port });
    const end = (open: boolean) => {
      socket.destroy();
      resolve(open);
    };
    socket.once('connect', () => end(true)).once('error', () => end(false));
    socket.setTimeout(1_000, () => end(true));
  });

/** What of an environment still exists; empty is right. `volumesBefore`: anonymous volumes carry no label, so new ones count. */
export async function leftoversOf(
  docker: Docker,
  { vmDir, ports, volumesBefore }: { readonly vmDir: string; readonly ports: readonly number[]; readonly volumesBefore: ReadonlySet<string> },
): Promise<readonly string[]> {
  const found: string[] = [];
  for (const { Names } of await containersOf(docker, vmDir)) found.push(`container ${Names[0]?.slice(1)}`);
  for (const { pid, command } of await processesOf(vmDir)) found.push(`process ${pid} (${command.slice(0, 60)})`);
  for (const dir of await environmentsOnDisk(vmDir)) {
    for (const name of await readdir(dir).catch(() => [])) if (transient.test(name)) found.push(`file ${join(dir, name)}`);
    const sockets = (await readdir(tmpdir())).filter((name) => name.startsWith(`nfstest-tui-${environmentId(dir)}`));
    found.push(...sockets.map((name) => `socket ${join(tmpdir(), name)}`));
  }
  for (const name of await volumesOf(docker)) if (!volumesBefore.has(name)) found.push(`volume ${name.slice(0, 12)}`);
  for (const port of ports) if (await isPortOpen(port)) found.push(`port ${port}`);
  return found;
}

/** Files that a process has open, by their targets. Linux. */
export async function openFilesOf(pid: number): Promise<readonly string[]> {
  const dir = `/proc/${pid}/fd`;
  const names = await readdir(dir).catch(() => []);
  return Promise.all(names.map((name) => readlink(join(dir, name)).catch(() => '?')));
}

import { execFile } from 'node:child_process';
import { readdir, readFile, readlink } from 'node:fs/promises';
import { basename } from 'node:path';
import { promisify } from 'node:util';

const execute = promisify(execFile);

/** A listening TCP socket of /proc/net/tcp or tcp6. */
export interface ListeningSocket {
  readonly port: number;
  readonly uid: number;
  readonly inode: string;
}

/** The listeners in the text of /proc/net/tcp or tcp6; its format is in the kernel's Documentation/networking/proc_net_tcp.rst. */
export function parseListeners(text: string): ListeningSocket[] {
  const listen = '0A';
  return text.split('\n').flatMap((line) => {
    const fields = line.trim().split(/\s+/);
    const [local, state, uid, inode] = [fields[1], fields[3], fields[7], fields[9]];
    if (state !== listen || local === undefined || uid === undefined || inode === undefined) return [];
    return [{ port: Number.parseInt(local.slice(local.lastIndexOf(':') + 1), 16), uid: Number(uid), inode }];
  });
}

/** Ends of containers' published ports, by the name of the program that holds them. */
const publishers = /^(docker-proxy|dockerd|rootlessport|rootlesskit|conmon|com\.docker\.(backend|vpnkit)|gvproxy|OrbStack.*)$/;

/** How a holder is named to a person. */
export function describeHolder(program: string, pid: number): string {
  const text = `${program} (pid ${pid})`;
  return publishers.test(program) ? `${text}, a container's published port` : text;
}

async function programOf(pid: number): Promise<string> {
  const read = async (file: string) => readFile(`/proc/${pid}/${file}`, 'utf8').catch(() => '');
  // argv[0] first: the kernel cuts comm at 15 characters, and Node renames its main thread.
  const [argument] = (await read('cmdline')).split('\0');
  const program = basename(argument?.split(' ')[0] ?? '');
  return program === '' ? (await read('comm')).trim() : program;
}

async function holderFromProc(port: number): Promise<string | null> {
  const tables = await Promise.all(['tcp', 'tcp6'].map(async (name) => readFile(`/proc/net/${name}`, 'utf8').catch(() => '')));
  const sockets = tables.flatMap(parseListeners).filter((socket) => socket.port === port);
  const [first] = sockets;
  if (!first) return null;
  const links = new Set(sockets.map((socket) => `socket:[${socket.inode}]`));
  const pids = (await readdir('/proc').catch(() => [])).filter((name) => /^\d+$/.test(name)).map(Number);
  for (const pid of pids) {
    // Other users' processes can't be read without root; they may still not be the holder.
    const descriptors = await readdir(`/proc/${pid}/fd`).catch(() => []);
    for (const descriptor of descriptors) {
      const link = await readlink(`/proc/${pid}/fd/${descriptor}`).catch(() => '');
      if (links.has(link)) return describeHolder(await programOf(pid), pid);
    }
  }
  return `a process of another user (uid ${first.uid})`;
}

/** The program in the output of `lsof -F pc` (lines `p<pid>`, `c<command>`). */
export function parseLsof(text: string): string | null {
  const pid = /^p(\d+)$/m.exec(text)?.[1];
  const command = /^c(.+)$/m.exec(text)?.[1];
  return pid === undefined ? null : describeHolder(command ?? 'a process', Number(pid));
}

/** Who listens on a TCP port, for example `qemu-system-x86_64 (pid 1234)`; null where nobody does or it can't be found out. */
export async function portHolder(port: number): Promise<string | null> {
  const holder = process.platform === 'linux' ? await holderFromProc(port) : null;
  if (holder !== null) return holder;
  try {
    const { stdout } = await execute('lsof', ['-nP', `-iTCP:${port}`, '-sTCP:LISTEN', '-Fpc'], { timeout: 5000 });
    return parseLsof(stdout);
  } catch {
    return null;
  }
}

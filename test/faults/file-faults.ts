import { spawnSync } from 'node:child_process';
import { appendFile, mkdir, readdir, rm, truncate, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { vmFiles } from '../../src/config/vm-files.ts';
import { type FaultLab, faultsDir } from './lab.ts';
import type { Fault } from './types.ts';

const onlyRoot = () => (process.platform === 'linux' && process.getuid?.() === 0 ? null : 'it mounts a file system, which only root may on Linux');

function mount(...args: string[]): void {
  const { status, stderr } = spawnSync('mount', args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`mount ${args.join(' ')}: ${stderr.trim()}`);
}

/** A small file system of its own, until the fault is over. */
async function smallDisk(lab: FaultLab, name: string, options: string): Promise<string> {
  const folder = join(faultsDir, 'mnt', `${name}-${lab.nfsPort}`);
  await mkdir(folder, { recursive: true });
  mount('-t', 'tmpfs', '-o', options, 'tmpfs', folder);
  lab.afterwards(async () => {
    spawnSync('umount', ['-l', folder]);
    await rm(folder, { recursive: true });
  });
  return folder;
}

/** Something wrong in the VM folder; the run notices, goes on, and passes. */
const passesWith =
  (harm: (files: ReturnType<typeof vmFiles>, lab: FaultLab) => Promise<unknown>, args: readonly string[] = []): Fault['inflict'] =>
  async (lab) => {
    await harm(vmFiles({ vmDir: lab.vmDir }), lab);
    const program = lab.run(args);
    lab.strike();
    return program.finished;
  };

/** A run that asks for a port which somebody else has. */
const withPortTaken =
  (portOf: (lab: FaultLab) => number): Fault['inflict'] =>
  async (lab) => {
    const holder = createServer();
    await new Promise<void>((resolve, reject) => holder.once('error', reject).listen(portOf(lab), '127.0.0.1', resolve));
    try {
      const program = lab.run();
      lab.strike();
      return await program.finished;
    } finally {
      holder.close();
    }
  };

/** A damaged file of the program is kept for whoever wants to see it. */
function setAside(lab: FaultLab, file = 'env.json'): void {
  lab.afterwards(async () => {
    const kept = (await readdir(lab.vmDir)).filter((name) => name.startsWith(`${file}.corrupt-`));
    if (kept.length !== 1) throw new Error(`${kept.length} damaged files were set aside`);
    for (const name of kept) await rm(join(lab.vmDir, name));
  });
}

const passed = [/NFS Test PASSED/];

/** What can be wrong with files, disks, locks and ports. */
export const fileFaults: readonly Fault[] = [
  {
    name: 'runs-disk-full',
    about: 'the disk of RUNS_DIR is full during a run: it ends, and what was found so far is told',
    speed: 'slow',
    obstacle: onlyRoot,
    expected: { exitCode: 3, says: [/the run can’t be kept/, /make room/, /^PASS /m], withinS: 150 },
    inflict: async (lab) => {
      const folder = await smallDisk(lab, 'runs', 'size=128k');
      const program = lab.run(['--testcase=all', `--runs-dir=${folder}`]);
      lab.strike();
      return program.finished;
    },
  },
  {
    name: 'vm-disk-full',
    about: 'the disk of the VM folder is full during a run: the guest can’t go on, and the client is lost',
    speed: 'slow',
    obstacle: onlyRoot,
    expected: { exitCode: [3, 5], says: [/client VM|No space|disk/], withinS: 75 },
    inflict: async (lab) => {
      const folder = join(lab.vmDir, 'instances', 'full');
      await mkdir(folder, { recursive: true });
      mount('-t', 'tmpfs', '-o', 'size=12m', 'tmpfs', folder);
      lab.afterwards(async () => {
        spawnSync('umount', ['-l', folder]);
        await rm(folder, { recursive: true });
      });
      const program = lab.run(['--testcase=all', '--timeout=30s', '--pcap=never', '--instance=full']);
      await lab.untilTesting(program);
      lab.strike();
      lab.guest('sudo dd if=/dev/urandom of=/var/tmp/fill bs=1M count=60 oflag=direct').catch(() => {});
      return program.finished;
    },
  },
  {
    name: 'runs-read-only',
    about: 'RUNS_DIR can’t be written: nothing is started',
    speed: 'quick',
    obstacle: onlyRoot,
    expected: { exitCode: 3, says: [/the run can’t be kept/, /--runs-dir/], withinS: 15 },
    inflict: async (lab) => {
      const folder = await smallDisk(lab, 'runs', 'size=256k,ro');
      const program = lab.run([`--runs-dir=${folder}`]);
      lab.strike();
      return program.finished;
    },
  },
  {
    name: 'env-json-garbage',
    about: 'env.json of an environment that runs is damaged: the next run finds container and VM all the same, and passes',
    speed: 'quick',
    expected: { exitCode: 0, says: [/stopped what an earlier run left/, ...passed], withinS: 60 },
    inflict: passesWith(async ({ environment }, lab) => {
      await lab.must('start-env');
      await writeFile(environment, '{"runId": "2026\u0000\u001b[2J');
      setAside(lab);
    }),
  },
  {
    name: 'env-json-truncated',
    about: 'env.json of an environment that runs is cut off: `stop-env` finds container and VM all the same',
    speed: 'slow',
    expected: { exitCode: 0, says: [/stopped .*client VM/, /container/], withinS: 20 },
    inflict: async (lab) => {
      await lab.must('start-env');
      const { environment } = vmFiles({ vmDir: lab.vmDir });
      await truncate(environment, 100);
      setAside(lab);
      const program = lab.command(['stop-env', ...lab.flags]);
      lab.strike();
      return program.finished;
    },
  },
  {
    name: 'lock-of-the-dead',
    about: 'a lock whose process is gone: the run takes it over, and passes',
    speed: 'slow',
    expected: { exitCode: 0, says: passed, withinS: 60 },
    inflict: passesWith(({ lock }) => writeFile(lock, JSON.stringify({ pid: 4_000_000, startTime: '1', since: '2026-01-01' }))),
  },
  {
    name: 'lock-with-another-pid',
    about: 'a lock whose pid was given to another process: the run takes it over, and passes',
    speed: 'slow',
    expected: { exitCode: 0, says: passed, withinS: 60 },
    inflict: passesWith(({ lock }) => writeFile(lock, JSON.stringify({ pid: process.pid, startTime: '1', since: '2026-01-01' }))),
  },
  {
    name: 'lock-garbage',
    about: 'a lock that holds noise: the run takes it over, and passes',
    speed: 'slow',
    expected: { exitCode: 0, says: passed, withinS: 60 },
    inflict: passesWith(({ lock }) => writeFile(lock, Buffer.from([0, 255, 27, 91]))),
  },
  {
    name: 'two-starts',
    about: 'two runs at once in one VM folder: one is told who holds the lock and of --instance, the other passes',
    speed: 'quick',
    expected: { exitCode: 3, says: [/another run is active here: process \d+/, /--instance/], withinS: 60 },
    inflict: async (lab) => {
      lab.strike();
      const [first, second] = await Promise.all([lab.run().finished, lab.run().finished]);
      const [winner, loser] = first.exitCode === 0 ? [first, second] : [second, first];
      if (winner.exitCode !== 0) throw new Error(`neither passed: ${winner.exitCode} and ${loser.exitCode}\n${winner.stdout.slice(-500)}`);
      return loser;
    },
  },
  {
    name: 'nfs-port-taken',
    about: 'an NFS port that was asked for is taken: its holder is named',
    speed: 'slow',
    expected: { exitCode: 3, says: [/port \d+ \(NFS\) is taken by/, new RegExp(`pid ${process.pid}`)], withinS: 20 },
    inflict: withPortTaken((lab) => lab.nfsPort),
  },
  {
    name: 'ssh-port-taken',
    about: 'an SSH port that was asked for is taken: its holder is named',
    speed: 'slow',
    expected: { exitCode: 3, says: [/port \d+ \(SSH\) is taken by/, new RegExp(`pid ${process.pid}`)], withinS: 20 },
    inflict: withPortTaken((lab) => lab.sshPort),
  },
  {
    name: 'overlay-garbage',
    about: 'noise in the place of the overlay, and in that of the sockets: the run makes them anew, and passes',
    speed: 'slow',
    expected: { exitCode: 0, says: passed, withinS: 60 },
    inflict: passesWith(async ({ overlay, qmpSocket, agentSocket, suiteSocket }) => {
      for (const path of [overlay, qmpSocket, agentSocket, suiteSocket]) await writeFile(path, 'noise');
    }),
  },
  {
    name: 'image-garbage',
    about: 'a disk image that is none: no environment, and QEMU’s or the tool’s words are shown',
    speed: 'slow',
    expected: { exitCode: 3, says: [/client VM|image|QEMU/], withinS: 330 },
    inflict: async (lab) => {
      const image = join(faultsDir, `noise-${lab.nfsPort}.qcow2`);
      await writeFile(image, Buffer.concat([Buffer.from('QFI\xfb\0\0\0\x03', 'latin1'), Buffer.alloc(65_536, 0xa5)]));
      lab.afterwards(() => rm(image, { force: true }));
      const program = lab.run([`--vm-image=${image}`, '--cold']);
      lab.strike();
      return program.finished;
    },
  },
  {
    name: 'saved-state-garbage',
    about: 'the saved VM’s state is damaged: it is booted and saved again, and the run passes',
    speed: 'slow',
    expected: { exitCode: 0, says: [/the saved client VM is not used: its devices changed on disk/, ...passed], withinS: 240 },
    inflict: passesWith(
      async (_, lab) => {
        const finished = await lab.run(['--memory=448M']).finished;
        if (finished.exitCode !== 0) throw new Error(finished.stdout.slice(-500));
        await appendFile(await lab.savedFile('448-mib', 'devices.state'), Buffer.alloc(64 * 1024, 7));
      },
      ['--memory=448M'],
    ),
  },
  {
    name: 'saved-record-garbage',
    about: 'the saved VM’s record is damaged: it is booted and saved again, and the run passes',
    speed: 'slow',
    expected: { exitCode: 0, says: [/the saved client VM is not used: its record is damaged/, ...passed], withinS: 240 },
    inflict: passesWith(
      async (_, lab) => {
        await lab.must('start-env', '--memory=448M');
        await lab.must('stop-env');
        await writeFile(await lab.savedFile('448-mib', 'saved.json'), '{"format":');
      },
      ['--memory=448M'],
    ),
  },
  {
    name: 'key-missing',
    about: 'the SSH key is gone: it and the seed are made anew, the VM is booted and saved again, and the run passes',
    speed: 'slow',
    expected: { exitCode: 0, says: [/the saved client VM is not used: .*seed/, ...passed], withinS: 240 },
    inflict: passesWith(
      async ({ key }, lab) => {
        await lab.keep(key, `${key}.pub`, vmFiles({ vmDir: lab.vmDir }).userData, join(lab.vmDir, 'cidata.iso'));
        await rm(key);
      },
      ['--memory=448M'],
    ),
  },
  {
    name: 'key-garbage',
    about: 'the SSH key is cut off: it is set aside, key and seed are made anew, the VM is booted and saved again, and the run passes',
    speed: 'slow',
    expected: { exitCode: 0, says: [/id_ed25519 is damaged .*set aside/, /the saved client VM is not used: .*seed/, ...passed], withinS: 240 },
    inflict: passesWith(
      async ({ key, userData, metaData }, lab) => {
        await lab.must('start-env', '--memory=448M');
        await lab.must('stop-env');
        await lab.keep(key, `${key}.pub`, userData, metaData, join(lab.vmDir, 'cidata.iso'));
        await truncate(key, 150);
        setAside(lab, 'id_ed25519');
      },
      ['--memory=448M'],
    ),
  },
];

import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type Docker from 'dockerode';
import { notRunCountOf, onlyCleanText } from './checks.ts';
import type { FaultLab } from './lab.ts';
import { hostileServer } from './recipes.ts';
import type { Fault } from './types.ts';

const whileTesting =
  (harm: (container: Docker.Container, lab: FaultLab) => Promise<unknown>): Fault['inflict'] =>
  async (lab) => {
    const program = lab.run(['--testcase=all', '--timeout=30s']);
    await lab.untilTesting(program);
    const container = await lab.container();
    lab.strike();
    await harm(container, lab);
    const finished = await program.finished;
    await notRunCountOf(lab);
    return finished;
  };

const starting =
  (mode: string): Fault['inflict'] =>
  async (lab) => {
    const flags = await hostileServer(lab, mode);
    const program = lab.run(flags);
    lab.strike();
    return onlyCleanText(await program.finished);
  };

/** What can happen to the server. */
export const serverFaults: readonly Fault[] = [
  {
    name: 'container-killed',
    about: 'the server’s container is killed while testcases run: the server is lost',
    speed: 'quick',
    expected: { exitCode: 4, says: [/the server died \(exit code 137\)/, /not run/], withinS: 15 },
    inflict: whileTesting((container) => container.kill()),
  },
  {
    name: 'container-stopped',
    about: 'the server’s container is stopped in good order by somebody else: the server is lost all the same',
    speed: 'slow',
    expected: { exitCode: 4, says: [/the server died/, /not run/], withinS: 20 },
    inflict: whileTesting((container) => container.stop({ t: 2 })),
  },
  {
    name: 'container-removed',
    about: 'the server’s container is removed while testcases run: the server is lost',
    speed: 'slow',
    expected: { exitCode: 4, says: [/the server died/, /not run/], withinS: 15 },
    inflict: whileTesting((container) => container.remove({ force: true, v: true })),
  },
  {
    name: 'container-paused',
    about: 'the server’s container is paused: it stops answering, and is lost',
    speed: 'slow',
    expected: { exitCode: 4, says: [/the server has not answered for \d+ s/, /not run/], withinS: 60 },
    inflict: whileTesting((container) => container.pause()),
  },
  {
    name: 'server-process-stopped',
    about: 'the server’s processes are stopped by SIGSTOP: it stops answering, and is lost',
    speed: 'slow',
    expected: { exitCode: 4, says: [/the server has not answered for \d+ s/, /not run/], withinS: 60 },
    inflict: whileTesting((container) => container.kill({ signal: 'SIGSTOP' }).then(() => stopAll(container))),
  },
  {
    name: 'server-mute',
    about: 'a server accepts connections and never answers: it is not ready in time',
    speed: 'quick',
    expected: { exitCode: 3, says: [/does not answer NFS v3/], withinS: 25 },
    inflict: starting('mute'),
  },
  {
    name: 'server-garbage',
    about: 'a server answers with noise: it is not ready in time',
    speed: 'slow',
    expected: { exitCode: 3, says: [/does not answer NFS v3/], withinS: 25 },
    inflict: starting('garbage'),
  },
  {
    name: 'server-endless-answer',
    about: 'a server answers with a record that has no end: it is not ready in time',
    speed: 'slow',
    expected: { exitCode: 3, says: [/does not answer NFS v3/], withinS: 25 },
    inflict: starting('endless'),
  },
  {
    name: 'server-dies',
    about: 'a server ends at its start: its last words are shown',
    speed: 'slow',
    expected: { exitCode: 3, says: [/the server ended before it was ready \(exit code 3/, /the configuration is wrong/], withinS: 25 },
    inflict: starting('dies'),
  },
  {
    name: 'server-escapes',
    about: 'terminal commands in the log of a server that dies: its last lines are shown without them',
    speed: 'slow',
    expected: { exitCode: 4, says: [/the server died/, /hostile: (?:line drawing|cleared)/], withinS: 15 },
    inflict: async (lab) => {
      const program = lab.run(['--testcase=all', ...(await hostileServer(lab, 'escapes'))]);
      await lab.untilTesting(program);
      lab.strike();
      await (await lab.container()).kill();
      return onlyCleanText(await program.finished);
    },
  },
  {
    name: 'server-log-flood',
    about: 'a server that prints without an end: the run passes, and server.log stays within LOG_MAX',
    speed: 'slow',
    expected: { exitCode: 0, says: [/NFS Test PASSED/], withinS: 120 },
    inflict: async (lab) => {
      const program = lab.run(['--log-max=256K', '--timeout=90s', ...(await hostileServer(lab, 'flood'))]);
      lab.strike();
      const finished = await program.finished;
      const { size } = await stat(join(lab.runsDir, 'latest', 'server.log'));
      if (size < 200 * 1024 || size > 270 * 1024) throw new Error(`server.log has ${size} bytes`);
      return finished;
    },
  },
];

/** PID 1 ignores SIGSTOP from inside its namespace; from outside every process obeys. */
async function stopAll(container: Docker.Container): Promise<void> {
  const { Processes } = (await container.top()) as { Processes: string[][] };
  for (const [, pid = ''] of Processes) process.kill(Number(pid), 'SIGSTOP');
}

import { openServices, processes } from '../app.ts';
import { vmFiles } from '../config/vm-files.ts';
import { findRun } from '../history/find-run.ts';
import { readRun } from '../history/read-runs.ts';
import { ExitCode } from '../model/exit-codes.ts';
import { readEnvironment } from '../steps/environment.ts';
import { rpcPrograms } from '../steps/server.ts';
import { type RunTimings, timingLines, timingsOf } from './timings.ts';
import type { RunCommand } from './types.ts';

/** 0: server and client run; 3: one of them or both don't. */
export const status: RunCommand = async ({ options, switches, write }) => {
  const record = await readEnvironment(options);
  const services = await openServices(options);
  const container = record?.server ? await services.engine.attachContainer(record.server.containerId) : null;
  const state = container ? await container.state() : null;
  const running = state?.status === 'running';
  const version = Number(record?.server?.nfsVersions[0]?.[0] ?? 3);
  const answers =
    running && record?.server
      ? await services.probe.rpcAnswers({ host: '127.0.0.1', port: record.server.nfsPort, program: rpcPrograms.nfs, version, timeoutMs: 2_000 })
      : false;
  const sample = running && container ? await container.sample().catch(() => null) : null;
  const vmRuns = record?.vm ? (await processes.startTime(record.vm.pid)) === record.vm.startTime : false;
  const status = {
    runId: record?.runId ?? null,
    since: record?.createdAt ?? null,
    server: record?.server
      ? {
          ...record.server.identity,
          container: record.server.containerName,
          state: state?.status ?? 'gone',
          answers,
          nfsPort: record.server.nfsPort,
          mountPort: record.server.mountPort,
          cpuPercent: sample?.cpuPercent ?? null,
          memoryBytes: sample?.memoryBytes ?? null,
        }
      : null,
    vm: record?.vm
      ? {
          pid: record.vm.pid,
          state: vmRuns ? 'running' : 'gone',
          accelerator: record.vm.accelerator,
          sshPort: record.vm.sshPort,
          console: vmFiles(options).consoleLog,
        }
      : null,
  };
  const timings = switches.has('timings') ? await readTimings(record?.runId ?? 'latest', options.runsDir) : null;
  if (switches.has('json')) write(`${JSON.stringify(timings === null ? status : { ...status, timings }, null, 2)}\n`);
  else write(render(status) + (timings === null ? '' : `\n${timingLines(timings).join('\n')}\n`));
  return running && vmRuns ? ExitCode.passed : ExitCode.environment;
};

/** Of the run that started what runs now; of the newest where nothing does or that one's folder is gone. */
async function readTimings(runId: string, runsDir: string): Promise<RunTimings> {
  const dir = await findRun(runId, runsDir).catch(() => findRun('latest', runsDir));
  return timingsOf((await readRun(dir)).events);
}

interface Status {
  readonly since: string | null;
  readonly server: {
    title: string;
    image: string;
    container: string;
    state: string;
    answers: boolean;
    nfsPort: number;
    mountPort: number;
    memoryBytes: number | null;
  } | null;
  readonly vm: { pid: number; state: string; accelerator: string; sshPort: number; console: string } | null;
}

function render({ since, server, vm }: Status): string {
  const memory = server?.memoryBytes ? `, ${Math.round(server.memoryBytes / 2 ** 20)} MiB` : '';
  const ports = server ? `127.0.0.1:${server.nfsPort}${server.mountPort === server.nfsPort ? '' : `, MOUNT :${server.mountPort}`}` : '';
  return [
    server
      ? `server     ${server.title} (${server.image})\n           ${server.container}: ${server.state}${memory}, ${ports}, NFS ${server.answers ? 'answers' : 'does not answer'}`
      : 'server     not running',
    vm ? `client VM  ${vm.state}, pid ${vm.pid}, ${vm.accelerator}, SSH 127.0.0.1:${vm.sshPort}\n           console: ${vm.console}` : 'client VM  not running',
    ...(since ? [`since      ${since}`] : ['start both with: nfstest-tui start-env']),
    '',
  ].join('\n');
}

import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join, relative, resolve } from 'node:path';
import { programVersion } from '../config/paths.ts';
import { eventsFile, summaryFile } from '../history/run-folder.ts';
import { UserError } from '../model/errors.ts';
import { logChannels, type RunEvent } from '../model/events.ts';
import { ExitCode } from '../model/exit-codes.ts';
import { logFile } from '../model/log-file.ts';
import { redactCredentials } from '../model/redact.ts';
import { repeatedSettings } from '../model/repeat-command.ts';
import type { RunState } from '../model/run-state.ts';
import { reproduction } from '../reporters/describe.ts';
import { type CapsuleEntry, writeCapsule } from '../services/capsule-archive.ts';
import { type OpenRecord, reportOf, testcaseOf, withRecord } from './recorded.ts';
import { prepareOutput } from './report-files.ts';
import type { RunCommand } from './types.ts';

/** Settings that say how a run was made and hold no secret; everything else of the environment stays where it is. */
const allowedSettings: readonly string[] = [
  ...['IMAGE_NAME', 'IMAGE_TAG', 'NFS_PORT', 'SSH_PORT', 'TESTCASE', 'NFS_VERSION', 'SUITE', 'SUITE_SCRIPT', 'NFSTEST_SRC'],
  ...['NFSTEST_REPO', 'NFSTEST_TAG', 'ALPINE_VERSION'],
  ...Object.keys(repeatedSettings),
];

/** Captures of the traffic, in the run's folder: `<testcase>.pcap`, `lane0-<testcase>.pcapng.gz`, … */
const capture = /\.pcap(ng)?(\.gz)?$/;

/** Logs of the lanes after the first. */
const laneLog = /^(build|server|suite|vm)\.lane-\d+\.log$/;

async function textFiles(dir: string): Promise<readonly string[]> {
  const lanes = (await readdir(dir)).filter((name) => laneLog.test(name)).sort();
  return [eventsFile, summaryFile, ...logChannels.map((channel) => logFile(channel)), ...lanes];
}

/** Without what gives access: credentials in URLs, private keys. */
const clean = (text: string): string =>
  redactCredentials(text).replaceAll(/-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(-----END [A-Z ]*PRIVATE KEY-----|$)/g, '*** private key ***');

const allowed = (settings: RunState['settings']): RunState['settings'] =>
  Object.fromEntries(Object.entries(settings).filter(([key]) => allowedSettings.includes(key)));

/** A recording with the settings that are allowed alone; other lines stay as they are. */
function cleanEvents(text: string): string {
  return text.split('\n').map(cleanEvent).join('\n');
}

function cleanEvent(line: string): string {
  if (!line.includes('"settings"')) return line;
  try {
    const event = JSON.parse(line) as RunEvent;
    return event.type === 'run.started' && event.settings ? JSON.stringify({ ...event, settings: allowed(event.settings) }) : line;
  } catch {
    // Torn by the end of a process, and of no use to anybody.
    return '';
  }
}

async function capturesOf(dir: string, testcase: string | null): Promise<string[]> {
  const names = (await readdir(dir, { recursive: true })).filter((name) => capture.test(name)).sort();
  return testcase === null ? names : names.filter((name) => name.split(/[^a-z]+/).includes(testcase));
}

function commandOf(state: RunState, testcase: string | null): string | null {
  const wanted = testcase === null ? state : { ...state, testcases: state.testcases.filter(({ name }) => name === testcase) };
  return reproduction(wanted);
}

function manifest(state: RunState, testcase: string | null, entries: readonly CapsuleEntry[]): string {
  const content = {
    format: 1,
    runId: state.runId,
    testcase,
    command: commandOf(state, testcase),
    guestCommand: state.suiteCommand,
    nfsVersion: state.nfsVersion,
    mountOptions: state.mountOptions,
    server: state.server,
    imageId: state.imageId,
    suite: state.suite,
    clientKernel: state.clientKernel,
    accelerator: state.accelerator,
    settings: allowed(state.settings),
    versions: { run: state.program, capsule: programVersion, node: process.versions.node, platform: process.platform, arch: process.arch },
    files: entries.map(({ name, content: bytes }) => ({ name, sizeBytes: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') })),
  };
  return clean(`${JSON.stringify(content, null, 2)}\n`);
}

const readMe = (state: RunState, testcase: string | null, file: string): string =>
  [
    `A run of nfstest-tui${testcase === null ? '' : `, for its testcase ${testcase}`}: ${state.result?.reason ?? 'cut off before its end'}`,
    '',
    `look at it   nfstest-tui show ${file}${testcase === null ? '' : ` ${testcase}`}`,
    `watch it     nfstest-tui replay ${file}`,
    `run it again ${commandOf(state, testcase) ?? 'the command is not known'}`,
    ...(state.suiteCommand === null ? [] : [`in the client VM that ran  ${state.suiteCommand}`]),
    '',
    'capsule.json has versions, digests and settings; the rest is the run as it was kept.',
    '',
  ].join('\n');

async function entriesOf({ dir, state }: OpenRecord, testcase: string | null, file: string): Promise<CapsuleEntry[]> {
  const texts = await Promise.all(
    (await textFiles(dir)).map(async (name) => {
      const text = await readFile(join(dir, name), 'utf8').catch(() => null);
      return text === null ? [] : [{ name, content: Buffer.from(clean(name === eventsFile ? cleanEvents(text) : text)) }];
    }),
  );
  const captures = await Promise.all((await capturesOf(dir, testcase)).map(async (name) => ({ name, content: await readFile(join(dir, name)) })));
  const kept = [...texts.flat(), ...captures];
  return [
    { name: 'README.txt', content: Buffer.from(readMe(state, testcase, file)) },
    { name: 'capsule.json', content: Buffer.from(manifest(state, testcase, kept)) },
    ...kept,
  ];
}

/** Packs a run into one file that shows and replays elsewhere. */
export const capsule: RunCommand = ({ options, words: [word = 'latest', name, more], write }) => {
  if (more !== undefined) throw new UserError(`what is '${more}'?`, 'for example: nfstest-tui capsule latest open');
  return withRecord(word, options.runsDir, async (record) => {
    if (name !== undefined) testcaseOf(reportOf(record), name);
    const folder = options.outputDir ?? resolve('.');
    await prepareOutput(folder);
    const stem = `nfstest-${record.runId}${name === undefined ? '' : `-${name}`}`;
    const path = join(folder, `${stem}.tar.gz`);
    await writeCapsule(path, stem, await entriesOf(record, name ?? null, `${stem}.tar.gz`), new Date(record.state.startedAt ?? 0));
    write(`${relative(process.cwd(), path)}\n`);
    return ExitCode.passed;
  });
};

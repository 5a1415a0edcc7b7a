import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { eventsMaxBytes } from '../../src/history/event-file.ts';
import type { RunSummary } from '../../src/model/summary.ts';
import { onlyCleanText } from './checks.ts';
import type { FaultLab } from './lab.ts';
import { fakeSuite } from './recipes.ts';
import type { Fault } from './types.ts';

/** What NFStest prints for a testcase that passes. */
const passes = (name: string) =>
  `print("*** Verify POSIX API ${name}() on NFSv3\\n    TEST: Running test '${name}'\\n    PASS: ${name} works\\n    TIME: 0.1s", flush=True)`;
const total = 'print("\\n2 tests (2 passed, 0 failed)\\n\\nTotal time: 0.2s", flush=True)';

/** A suite that is one script, in an environment that runs; `check` looks at what is kept before that is stopped. */
const withSuite =
  (script: string, { args = [], check }: { args?: readonly string[]; check?: (lab: FaultLab) => Promise<void> } = {}): Fault['inflict'] =>
  async (lab) => {
    const suite = await fakeSuite(lab, script);
    await lab.must('start-env');
    const flags = lab.flags.filter((flag) => !flag.startsWith('--suite='));
    const program = lab.command(['test', '--testcase=read,write', '--timeout=20s', '--triage=never', ...suite, ...flags, ...args]);
    lab.strike();
    const finished = onlyCleanText(await program.finished);
    await check?.(lab);
    await lab.must('stop-env');
    return finished;
  };

const sizeBelow = (name: string, bytes: number) => async (lab: FaultLab) => {
  const { size } = await stat(join(lab.runsDir, 'latest', name));
  if (size > bytes) throw new Error(`${name} has ${size} bytes`);
};

async function eventsBounded(lab: FaultLab): Promise<void> {
  await sizeBelow('events.ndjson', eventsMaxBytes + 2 ** 20)(lab);
  const { shortened, testcases } = (await lab.summary()) as unknown as RunSummary;
  const events = shortened?.find(({ file }) => file === 'events.ndjson');
  if (events === undefined) throw new Error('the flood did not reach the bound of events.ndjson');
  const read = testcases.find(({ name }) => name === 'read');
  // Each failure is an event of two that are kept or left out.
  if (read?.verdict !== 'failed' || read.failures.length >= read.failedCount) throw new Error(`read is ${read?.verdict} with ${read?.failedCount} failures`);
}

/** What a test suite can do. */
export const suiteFaults: readonly Fault[] = [
  {
    name: 'suite-lies-by-exit-code',
    about: 'every testcase says PASS and the suite exits with 1: no pass',
    speed: 'quick',
    expected: { exitCode: 1, says: [/the suite exited with 1/], withinS: 30 },
    inflict: withSuite([passes('read'), passes('write'), total, 'sys.exit(1)'].join('\n')),
  },
  {
    name: 'suite-lies-by-silence',
    about: 'the suite exits with 0 and has run nothing: no pass',
    speed: 'slow',
    expected: { exitCode: 6, says: [/no testcase ran/], withinS: 30 },
    inflict: withSuite('sys.exit(0)'),
  },
  {
    name: 'suite-lies-by-half',
    about: 'the suite exits with 0 after one of two testcases, and claims two: no pass',
    speed: 'slow',
    expected: { exitCode: 1, says: [/1 of 2 testcases did not run/], withinS: 30 },
    inflict: withSuite([passes('read'), total, 'sys.exit(0)'].join('\n')),
  },
  {
    name: 'suite-endless-output',
    about: 'the suite prints without an end: the time ends it, and suite.log stays within LOG_MAX',
    speed: 'slow',
    expected: { exitCode: [1, 5, 6], says: [/took longer than 20 s/], withinS: 60 },
    inflict: withSuite('while True:\n    sys.stdout.write("x" * 79 + "\\n")', {
      args: ['--log-max=1M', '--quiet'],
      check: sizeBelow('suite.log', 1.2 * 2 ** 20),
    }),
  },
  {
    name: 'suite-endless-line',
    about: 'the suite prints one line without an end: the time ends it, and memory and log stay bounded',
    speed: 'slow',
    expected: { exitCode: [1, 5, 6], says: [/took longer than 20 s/], withinS: 60 },
    inflict: withSuite('while True:\n    sys.stdout.write("x" * 4096)', { args: ['--log-max=1M', '--quiet'], check: sizeBelow('suite.log', 1.2 * 2 ** 20) }),
  },
  {
    name: 'suite-endless-assertions',
    about: 'a testcase reports failed assertions without an end: the time ends it, the file of events stays bounded and tells what it lacks',
    speed: 'slow',
    expected: { exitCode: [1, 5, 6], says: [/took longer than 20 s/, /\d+ events were left out of events\.ndjson/], withinS: 60 },
    inflict: withSuite(
      [
        'print("*** Verify POSIX API read() on NFSv3\\n    TEST: Running test \'read\'")',
        'failed = "    FAIL: read goes " + "on and " * 100 + "on\\n"',
        'while True:\n    sys.stdout.write("    PASS: read works\\n" + failed)',
      ].join('\n'),
      { args: ['--log-max=1M', '--quiet'], check: eventsBounded },
    ),
  },
  {
    name: 'suite-garbage',
    about: 'the suite prints noise and terminal commands between its testcases: the verdict stands, the terminal is safe',
    speed: 'slow',
    expected: { exitCode: 0, says: [/NFS Test PASSED/], withinS: 60 },
    inflict: withSuite(
      [
        passes('read'),
        'sys.stdout.flush()\nos.write(1, os.urandom(200000) + b"\\n")\nos.write(2, b"\\x1b[2J\\x1b]52;c;aGk=\\x07\\n")',
        passes('write'),
        total,
      ].join('\n'),
    ),
  },
  {
    name: 'suite-hangs',
    about: 'the suite says nothing and does not end: the time ends it',
    speed: 'slow',
    expected: { exitCode: [1, 5, 6], says: [/20 s/], withinS: 50 },
    inflict: withSuite('time.sleep(3600)'),
  },
  {
    name: 'suite-ignores-signals',
    about: 'the suite hangs and ignores SIGTERM: the time ends it all the same',
    speed: 'slow',
    expected: { exitCode: [1, 5, 6], says: [/20 s/], withinS: 60 },
    inflict: withSuite(
      'import signal\nfor number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP): signal.signal(number, signal.SIG_IGN)\nwhile True: time.sleep(1)',
    ),
  },
  {
    name: 'suite-leaves-a-child',
    about: 'the suite ends, but a child of it keeps its output open: the run ends with the suite',
    speed: 'slow',
    expected: { exitCode: 0, says: [/NFS Test PASSED/], withinS: 40 },
    inflict: withSuite([passes('read'), passes('write'), total, 'if os.fork() == 0:\n    os.setsid()\n    time.sleep(300)', 'os._exit(0)'].join('\n')),
  },
];

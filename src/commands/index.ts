import type { Command } from './types.ts';

const environment = () => import('./environment.ts');

const runWords =
  'RUN is latest (where left out), the name of a kept run or its beginning, each with ~N for the N-th before it; or a folder, an events.ndjson or a capsule.';

/** Every command in the order of `--help`. Its code, with the libraries it needs, is loaded when it runs. */
export const commands: readonly Command[] = [
  {
    name: 'build',
    usage: '',
    summary: 'build the server image and the VM image',
    details: [],
    canDryRun: true,
    load: async () => (await environment()).build,
  },
  {
    name: 'start-env',
    usage: '',
    summary: 'start server and client VM and leave them running',
    details: ['`test` then runs testcases against them, `stop-env` ends them.'],
    canDryRun: true,
    load: async () => (await environment()).startEnvironment,
  },
  { name: 'stop-env', usage: '', summary: 'stop server and client VM', details: [], load: async () => (await environment()).stopAll },
  { name: 'start-server', usage: '', summary: 'start only the server', details: [], canDryRun: true, load: async () => (await environment()).startServer },
  { name: 'stop-server', usage: '', summary: 'stop only the server', details: [], load: async () => (await environment()).stopServer },
  { name: 'start-client', usage: '', summary: 'start only the client VM', details: [], canDryRun: true, load: async () => (await environment()).startClient },
  { name: 'stop-client', usage: '', summary: 'stop only the client VM', details: [], load: async () => (await environment()).stopClient },
  {
    name: 'test',
    usage: '',
    summary: 'run testcases in the environment that start-env left running',
    details: ['Server, export and ports are those of the environment.'],
    canDryRun: true,
    load: async () => (await environment()).test,
  },
  {
    name: 'watch',
    usage: '',
    summary: 'rerun testcases whenever the server’s sources change, until Ctrl+C',
    details: [
      'Starts the environment, or takes up the one that runs, and runs the testcases once. When SERVER_SRC or the server’s recipe',
      'changes, it builds the image again, restarts only the server, and runs what has not passed, or all where everything has.',
      'A newer change ends the round that is under way. With --keep, or where it was running before, the environment stays at the end.',
    ],
    load: async () => (await import('./watch.ts')).watch,
  },
  {
    name: 'status',
    usage: '',
    summary: 'show what runs',
    details: ['Exit code 0 where server and client VM of every lane run, else 3.', 'With --timings also how long each step of the start took.'],
    load: async () => (await import('./status.ts')).status,
  },
  {
    name: 'shell',
    usage: '[COMMAND...]',
    summary: 'log in to the client VM, or run a command in it',
    details: [
      'A command with flags of its own follows after --: nfstest-tui shell -- ls -la',
      'With --lane N it is the VM of that lane. Exit code: the command’s.',
    ],
    load: async () => (await import('./shell.ts')).shell,
  },
  {
    name: 'logs',
    usage: '[server|vm]',
    summary: 'print the log of the running server, or the console of the VM',
    details: ['With --follow it goes on until Ctrl+C, with --lane N it is about that lane. The logs of past runs are in their folders under build/runs.'],
    load: async () => (await import('./logs.ts')).logs,
  },
  {
    name: 'runs',
    usage: '',
    summary: 'list the kept runs: when, server, version, totals, and what changed',
    details: ['Below the table: testcases that passed and failed with the same server image.'],
    load: async () => (await import('./runs.ts')).runs,
  },
  {
    name: 'show',
    usage: '[RUN] [TESTCASE]',
    summary: 'print a kept run, or one testcase of it with its output and history',
    details: [runWords],
    load: async () => (await import('./show.ts')).show,
  },
  {
    name: 'compare',
    usage: 'RUN [RUN]',
    summary: 'say what fails, passes or is slower in the second run (latest)',
    details: [runWords, 'Exit code 1 where a testcase fails, or did not run to its end, that did not before; else 0.'],
    load: async () => (await import('./compare.ts')).compare,
  },
  {
    name: 'triage',
    usage: '[RUN] [TESTCASE]',
    summary: 'run what failed again elsewhere and say whose fault it is',
    details: [
      'On a fresh VM: on the same server, on the client’s own disk, and on NFS-Ganesha. What comes of it is kept with the run.',
      'RUN is latest (where left out), the name of a kept run or its beginning, each with ~N for the N-th before it; or a folder.',
      'Without TESTCASE every new failure; a known one is run again where it is named.',
      'Exit code 0 where it came to an answer, whichever it is, and 3 where it could not.',
    ],
    load: async () => (await import('./triage.ts')).triage,
  },
  {
    name: 'report',
    usage: '[RUN]',
    summary: 'make reports of a kept run: --reporter junit,html',
    details: [runWords, 'The files go into --output-dir, or into the run’s folder.'],
    load: async () => (await import('./report.ts')).report,
  },
  {
    name: 'capsule',
    usage: '[RUN] [TESTCASE]',
    summary: 'pack a run into one .tar.gz that show, report and replay open elsewhere',
    details: [runWords, 'It holds command, versions, digests, events and logs; no keys, and of the environment only settings that hold no secret.'],
    load: async () => (await import('./capsule.ts')).capsule,
  },
  {
    name: 'import',
    usage: 'FILE',
    summary: 'read a log of nfstest_posix from elsewhere: verdicts and exit code',
    details: ['FILE may be - for standard input. --reporter and --output-dir (else the current folder) make reports of it.'],
    load: async () => (await import('./import-command.ts')).importFile,
  },
  {
    name: 'replay',
    usage: '[RUN] [SPEED]',
    summary: 'show a finished run in the dashboard',
    details: [runWords, 'SPEED is for example 4x. p pauses, + and - change the speed, the left and right arrows move by 10 s.'],
    load: async () => (await import('./replay.ts')).replay,
  },
  {
    name: 'doctor',
    usage: '',
    summary: 'say what the main job needs, what is here and what is missing',
    details: ['Exit code 0 where the main job can run, else 3.'],
    load: async () => (await import('./host.ts')).doctor,
  },
  {
    name: 'setup',
    usage: '',
    summary: 'install what is missing and start a container engine',
    details: ['Debian and Ubuntu: by apt-get, after asking (--yes: without). macOS: prints what to install.', 'Never touches what works already.'],
    load: async () => (await import('./host.ts')).setup,
  },
  {
    name: 'clean',
    usage: '',
    summary: 'stop everything and remove the images that were built here',
    details: [
      'Removes the server images that this program built, their base images, and the VM’s files; runs are kept.',
      'Images and files that were given by name are never touched.',
      'With --orphans it only stops what killed runs left (containers, VMs, overlays, sockets, locks), of lanes, triage and instances too.',
      'What start-env or --keep left running on purpose stays, and so does what a living run holds.',
    ],
    load: async () => (await import('./clean.ts')).cleanUp,
  },
];

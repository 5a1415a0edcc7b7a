#!/usr/bin/env node
import { enableCompileCache } from 'node:module';
import meow from 'meow';
import { commands } from './commands/index.ts';
import type { Command, CommandInput } from './commands/types.ts';
import { readDefaults } from './config/defaults-file.ts';
import { flags, meowFlags, readFlags } from './config/flags.ts';
import { resolveOptions, settingOf } from './config/options.ts';
import { programVersion } from './config/paths.ts';
import { EnvironmentError, messageOf, ReportedError, UserError } from './model/errors.ts';
import { ExitCode } from './model/exit-codes.ts';
import { closest } from './model/suggest.ts';
import { onlyColours } from './model/terminal-text.ts';
import { terminalWriter } from './terminal-writer.ts';

enableCompileCache();
const defaults = readDefaults();

function flagHelp(): string[] {
  const names = flags.map(({ name, value }) => `--${name}${value === null ? '' : ` ${value}`}`);
  const width = Math.max(...names.map((name) => name.length)) + 2;
  return flags.map(({ key, help }, index) => {
    const initial = key === null ? '' : ` (${key}${defaults[key] ? `, ${defaults[key].slice(0, 24)}` : ''})`;
    return `  ${names[index]?.padEnd(width)}${help}${initial}`;
  });
}

const exitCodeHelp = [
  '  0  every selected testcase ran and passed, or failed as known',
  '  1  a testcase failed',
  '  2  wrong usage; nothing was started',
  '  3  the environment could not be built or started',
  '  4  the server died or stopped answering during the run',
  '  5  the client VM hung, panicked or was lost during the run',
  '  6  nothing ran: the suite failed in its set-up, or the selection was empty',
  '  130, 143, 129  interrupted by SIGINT, SIGTERM, SIGHUP, after cleaning up',
];

function generalHelp(commands: readonly Command[]): string {
  const width = Math.max(...commands.map(({ name, usage }) => name.length + usage.length)) + 3;
  return [
    'nfstest-tui: does your NFS server behave like a filesystem to a real Linux client?',
    '',
    'Usage',
    '  nfstest-tui [dashboard]      pick testcases and watch them (needs a terminal)',
    '  nfstest-tui --ci [FLAGS]     whole run as plain lines: build, start, test, stop',
    '  nfstest-tui COMMAND [FLAGS]',
    '',
    'Commands',
    ...commands.map(({ name, usage, summary }) => `  ${`${name} ${usage}`.padEnd(width)}${summary}`),
    '',
    'Flags (environment variable or make setting, default)',
    ...flagHelp(),
    '  --help, --version',
    '',
    'Exit codes',
    ...exitCodeHelp,
    '',
  ].join('\n');
}

function commandHelp({ name, usage, summary, details }: Command): string {
  return [
    `Usage\n  nfstest-tui ${name}${usage ? ` ${usage}` : ''} [FLAGS]`,
    `\n${summary[0]?.toUpperCase()}${summary.slice(1)}.`,
    ...details,
    '\nFlags (environment variable or make setting, default)',
    ...flagHelp(),
    '',
  ].join('\n');
}

/** meow throws plain errors, for example for a flag that was given twice. */
function parse(argv: readonly string[]) {
  try {
    return meow({ importMeta: import.meta, argv, flags: meowFlags, autoHelp: false, autoVersion: false, allowUnknownFlags: true, description: false });
  } catch (error) {
    throw new UserError(messageOf(error), 'see nfstest-tui --help', { cause: error });
  }
}

async function main(argv: readonly string[]): Promise<ExitCode> {
  const cli = parse(argv);
  const { settings, switches } = readFlags(cli.flags);
  const write = terminalWriter(process.stdout);
  if (cli.flags.version) {
    write(`nfstest-tui ${programVersion}\n`);
    return ExitCode.passed;
  }
  const [name, ...words] = cli.input;
  const command = commands.find((candidate) => candidate.name === name);
  if (cli.flags.help || name === 'help') {
    const about = name === 'help' ? commands.find((candidate) => candidate.name === words[0]) : command;
    write(about ? commandHelp(about) : generalHelp(commands));
    return ExitCode.passed;
  }
  if (name !== undefined && name !== 'dashboard' && command === undefined) {
    const near = closest(name, [...commands.map((candidate) => candidate.name), 'dashboard']);
    throw new UserError(`unknown command '${name}'`, near ? `did you mean '${near}'?` : 'see nfstest-tui --help');
  }
  const isTerminal = Boolean(process.stdout.isTTY && process.stdin.isTTY);
  const color = Boolean(process.stdout.isTTY) && !process.env.NO_COLOR && process.env.TERM !== 'dumb';
  const input: CommandInput = {
    // Asked for by most commands; `import` works with settings that are wrong.
    get options() {
      return resolveOptions({ flags: settings, environment: process.env, defaults, cwd: process.cwd() });
    },
    setting: (key) => settingOf(key, { flags: settings, environment: process.env, defaults }).value,
    switches,
    words,
    write,
    isTerminal,
    color,
  };
  if (command) {
    if (words.length > 0 && command.usage === '') throw new UserError(`'${name}' takes no '${words[0]}'`, `see nfstest-tui ${name} --help`);
    if (switches.has('dry-run') && !command.canDryRun)
      throw new UserError(`'${name}' has no --dry-run`, 'leave it out, or use it with --ci, build, start-… or test');
    return (await command.load())(input);
  }

  const parts = { server: true, vm: true };
  if (switches.has('ci') || switches.has('dry-run')) {
    const { run } = await import('./commands/run.ts');
    return run(input, { goal: 'tests', parts, attach: false });
  }
  if (!isTerminal) throw new UserError('the dashboard needs a terminal', 'use nfstest-tui --ci');
  const { runDashboard } = await import('./commands/dashboard.ts');
  return runDashboard(input);
}

function report(error: unknown): ExitCode {
  if (!(error instanceof ReportedError)) {
    process.stderr.write(`nfstest-tui: a bug: ${error instanceof Error ? error.stack : String(error)}\n`);
    return ExitCode.environment;
  }
  const log = error instanceof EnvironmentError && error.log ? error.log : null;
  const excerpt = log ? [...log.lines.map((line) => `  | ${line}`), `  (${log.path})`] : [];
  process.stderr.write(`${onlyColours([...excerpt, `nfstest-tui: ${error.message}`, `  → ${error.hint}`].join('\n'))}\n`);
  return error.exitCode;
}

// A reader that has gone (`| head`) is no failure of the run, which still has to tidy up.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    // EIO: the terminal was closed.
    if (error.code !== 'EPIPE' && error.code !== 'EIO') throw error;
  });
}

const exitCode = await main(process.argv.slice(2)).catch(report);
// The verdict is told: a signal that comes now would make another of it.
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, () => process.exit(exitCode));
// Not left to the event loop: a watch on a container or VM that stays must not keep the program here. What was written goes out first.
process.stdout.write('', () => process.stderr.write('', () => process.exit(exitCode)));

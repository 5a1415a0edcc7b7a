/**
 * `make soak`: starts, runs and stops SOAK_ROUNDS times (50) in one process, and looks after each round at what the program holds: memory,
 * file handles, containers, volumes, processes, disk. Prints the figures, their first, last and slope, and writes build/soak.json.
 * Exit code 0 where every round passed and every line is flat.
 */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import Docker from 'dockerode';
import { run as runCommand } from '../../src/commands/run.ts';
import type { CommandInput } from '../../src/commands/types.ts';
import { readDefaults } from '../../src/config/defaults-file.ts';
import { resolveOptions } from '../../src/config/options.ts';
import { resolveEngine } from '../../src/host/engine-socket.ts';
import { root } from '../support/cli.ts';
import { openLab, trouble } from '../support/lab.ts';
import { type FigureName, type Figures, figures, measure } from './figures.ts';
import { trendOf } from './trend.ts';

const say = (line: string) => void process.stdout.write(`${line}\n`);
const names = Object.keys(figures) as FigureName[];
const width = Math.max(...names.map((name) => figures[name].title.length)) + 2;
const row = (label: string, cells: readonly string[]) => `${label.padEnd(8)}${cells.map((cell) => cell.padStart(width)).join('')}`;

function program(): { run: (input: CommandInput) => Promise<number>; inputOf: (settings: Record<string, string>) => CommandInput } {
  const defaults = readDefaults();
  return {
    run: (input) => runCommand(input, { goal: 'tests', parts: { server: true, vm: true }, attach: false }),
    inputOf: (settings) => ({
      options: resolveOptions({ flags: settings, environment: {}, defaults, cwd: root }),
      setting: (key) => settings[key] ?? defaults[key] ?? '',
      switches: new Set(['ci', 'quiet']),
      words: [],
      write: () => {},
      isTerminal: false,
      color: false,
    }),
  };
}

async function main(): Promise<number> {
  const collect = globalThis.gc;
  if (collect === undefined) throw new Error('run it by `make soak`: it needs --expose-gc');
  if (trouble !== null) {
    say(`the real engine and VM can't be used: ${trouble}`);
    return 3;
  }
  const rounds = Number(process.env.SOAK_ROUNDS || 50);
  const lab = await openLab();
  const { engine } = await resolveEngine();
  if (engine === null) throw new Error('no container engine answers');
  const docker = new Docker({ socketPath: new URL(engine.host).pathname });
  const { run, inputOf } = program();
  const settings = {
    ...{ VM_OUTPUT_DIR: lab.vmDir, RUNS_DIR: lab.runsDir, NFS_PORT: String(lab.nfsPort), SSH_PORT: String(lab.sshPort) },
    ...{ SUITE: 'bundled', IMAGE_NAME: 'ganesha', TESTCASE: process.env.TESTCASE || 'read', TRIAGE: 'never', RUNS_KEEP: '3' },
  };
  const startMs = performance.now();
  const measured: Figures[] = [];
  const failed: number[] = [];
  say(
    row(
      'round',
      names.map((name) => figures[name].title),
    ),
  );
  for (let round = 1; round <= rounds; round += 1) {
    const exitCode = await run(inputOf(settings));
    if (exitCode !== 0) failed.push(round);
    const now = await measure(docker, { vmDir: lab.vmDir, folders: [lab.vmDir, lab.runsDir], collect });
    measured.push(now);
    say(
      row(
        exitCode === 0 ? String(round) : `${round} (${exitCode})`,
        names.map((name) => now[name].toFixed(name.endsWith('MiB') ? 2 : 0)),
      ),
    );
  }
  const trends = Object.fromEntries(
    names.map((name) => [
      name,
      trendOf(
        measured.map((each) => each[name]),
        figures[name],
      ),
    ]),
  );
  say('');
  say(
    row(
      '',
      names.map((name) => figures[name].title),
    ),
  );
  for (const key of ['first', 'last', 'slope'] as const)
    say(
      row(
        key,
        names.map((name) => (trends[name]?.[key] ?? 0).toFixed(key === 'slope' ? 3 : 2)),
      ),
    );
  say(
    row(
      '',
      names.map((name) => (trends[name]?.isFlat ? 'flat' : 'GROWS')),
    ),
  );
  const seconds = Math.round((performance.now() - startMs) / 1000);
  await writeFile(
    join(root, 'build', 'soak.json'),
    `${JSON.stringify({ at: new Date().toISOString(), rounds, seconds, failed, trends, measured }, null, 2)}\n`,
  );
  const growing = names.filter((name) => !trends[name]?.isFlat);
  const verdict = growing.length === 0 ? 'every line is flat' : `growing: ${growing.map((name) => figures[name].title).join('; ')}`;
  say(`${rounds} rounds, ${rounds - failed.length} passed; ${verdict} (${seconds} s; build/soak.json)`);
  return failed.length === 0 && growing.length === 0 ? 0 : 1;
}

process.exitCode = await main();
process.exit();

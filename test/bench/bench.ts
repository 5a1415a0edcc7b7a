import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { arch, cpus, loadavg, platform, release, totalmem } from 'node:os';
import { textTable } from '../../src/reporters/text-table.ts';
import { lastEvent, shareImages } from './lab.ts';
import {
  allTestcases,
  type Figure,
  firstFrameMs,
  firstTestcaseMs,
  helpMs,
  innerLoop,
  lanesInTurns,
  medianRatio,
  newDiskBytes,
  overhead,
  repeat,
  startMs,
  stop,
} from './measures.ts';

// Measures the real environment: prints a table and writes build/bench.json. `make bench` runs it in the repository's
// folder; it takes about half an hour without KVM. `BENCH_ONLY=warm,disk` measures these parts alone.
const parts = ['cold', 'warm', 'first', 'disk', 'loop', 'overhead', 'suite', 'screen'] as const;
type Part = (typeof parts)[number];
const asked = (process.env.BENCH_ONLY ?? '').split(',').filter((word) => word !== '');
const unknown = asked.filter((word) => !(parts as readonly string[]).includes(word));
if (unknown.length > 0) throw new Error(`BENCH_ONLY: no part ${unknown.join(', ')}; there are ${parts.join(', ')}`);
const wants = (part: Part) => asked.length === 0 || asked.includes(part);

const figures: Record<string, Figure> = {};
const ratios: Record<string, { readonly value: number; readonly unit: string; readonly atMost: number }> = {};
const say = (text: string) => process.stderr.write(`${text}\n`);
const mib = (bytes: number) => bytes / 2 ** 20;

async function measure(part: Part, what: string, work: () => Promise<void>): Promise<void> {
  if (!wants(part)) return;
  say(`==> ${what}`);
  await work();
}

// Whoever else is at work makes every figure worse: this says so later.
const loadBefore = loadavg()
  .map((load) => load.toFixed(2))
  .join(' ');
await shareImages();
await stop();
// Images are built and the VM is saved before anything is measured.
say('==> preparing');
await startMs();
await measure('cold', 'cold starts', async () => {
  figures.coldStartMs = await repeat(3, () => startMs('--cold'));
});
await measure('warm', 'warm starts', async () => {
  figures.warmStartMs = await repeat(10, () => startMs());
  const cold = figures.coldStartMs;
  if (cold) ratios['warm start / cold start'] = { value: figures.warmStartMs.median / cold.median, unit: '', atMost: 1 / 15 };
});
await measure('first', 'command to first testcase', async () => {
  figures.firstTestcaseMs = await repeat(5, firstTestcaseMs);
  ratios['command to first testcase, warm'] = { value: figures.firstTestcaseMs.median / 1000, unit: 's', atMost: 4 };
});
await measure('suite', '33 testcases with one lane and with two', async () => {
  // A lane of two has one processor: its VM is saved once, too.
  await allTestcases(2, 'chdir,mkdir');
  const { oneLane, twoLanes, peakBytes } = await lanesInTurns(2);
  figures.suiteOneLaneMs = oneLane;
  figures.suiteTwoLanesMs = twoLanes;
  figures.peakMemoryBytes = peakBytes;
  ratios['33 testcases, 2 lanes / 1 lane'] = { value: twoLanes.median / oneLane.median, unit: '', atMost: 0.6 };
});
await measure('overhead', 'the suite through nfstest-tui and by hand', async () => {
  const { throughMs, byHandMs, byHandPinnedMs } = await overhead(9);
  figures.suiteThroughMs = throughMs;
  figures.suiteByHandMs = byHandMs;
  figures.suiteByHandOnOneProcessorMs = byHandPinnedMs;
  // By hand is what a person would type. On one processor it has what the program gains by that: the figure says what the program itself costs.
  ratios['suite through nfstest-tui / by hand'] = { value: medianRatio(throughMs, byHandMs), unit: '', atMost: 1.03 };
});
await measure('disk', 'new disk of a start', async () => {
  figures.newDiskBytes = await repeat(2, newDiskBytes);
  ratios['new disk at the start of a run, per lane'] = { value: mib(figures.newDiskBytes.median), unit: 'MiB', atMost: 1 };
});
await measure('loop', 'inner loop: restart the server, run one testcase', async () => {
  const { roundMs, testcaseMs } = await innerLoop(3);
  figures.innerLoopMs = roundMs;
  figures.innerLoopTestcaseMs = testcaseMs;
  ratios['inner-loop round without its testcase'] = { value: (roundMs.median - testcaseMs.median) / 1000, unit: 's', atMost: 4 };
});
await measure('screen', '--help and the first frame', async () => {
  figures.helpMs = await repeat(10, helpMs);
  figures.firstFrameMs = await repeat(5, firstFrameMs);
});

const firstLine = (command: string, ...args: string[]) => spawnSync(command, args, { encoding: 'utf8' }).stdout?.split('\n')[0] ?? '';
const machine = {
  processors: `${cpus().length} × ${cpus()[0]?.model.trim() ?? 'unknown'}`,
  memoryMiB: Math.round(mib(totalmem())),
  system: `${platform()} ${arch()} ${release()}`,
  node: process.version,
  qemu: firstLine('qemu-system-x86_64', '--version'),
  accelerator: await lastEvent<{ accelerator: string }>('vm.started').then(
    ({ accelerator }) => accelerator,
    () => 'unknown',
  ),
  loadBefore,
};

const shown = (name: string, value: number) =>
  name.endsWith('Bytes') ? `${mib(value).toFixed(1)} MiB` : value < 1_000 ? `${value.toFixed(0)} ms` : `${(value / 1000).toFixed(2)} s`;
const title = (name: string) => name.replace(/(Ms|Bytes)$/, '').replaceAll(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
const right = 'right' as const;
const lines = [
  ...textTable(
    [{ title: 'figure' }, { title: 'median', align: right }, { title: 'min', align: right }, { title: 'max', align: right }, { title: 'times', align: right }],
    Object.entries(figures).map(([name, { median, min, max, values }]) => [
      title(name),
      ...[median, min, max].map((value) => shown(name, value)),
      String(values.length),
    ]),
  ),
  '',
  ...textTable(
    [{ title: 'target' }, { title: 'measured', align: right }, { title: 'at most', align: right }, { title: '' }],
    Object.entries(ratios).map(([name, { value, unit, atMost }]) => [
      name,
      `${value.toFixed(3)} ${unit}`.trim(),
      `${Number(atMost.toFixed(3))} ${unit}`.trim(),
      value <= atMost ? 'reached' : 'MISSED',
    ]),
  ),
];
process.stdout.write(`${lines.join('\n')}\n`);
writeFileSync('build/bench.json', `${JSON.stringify({ measuredAt: new Date().toISOString(), machine, figures, ratios }, null, 2)}\n`);

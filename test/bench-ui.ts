import { execFileSync, spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { TestTerminal } from './ui/terminal.ts';

// Measures the dashboard on a real terminal and prints one line of JSON. A benchmark, no test: it never fails.
// `npm run bench:ui` compiles this file and runs it in the repository's folder.
const cli = resolve('build/compiled/cli.js');
const run = resolve('test/fixtures/runs/full');
const flood = fileURLToPath(new URL('ui/flood.js', import.meta.url));
const seconds = Number(process.argv[2] ?? 10);
const rate = 20_000;
/** On both logs together; and the pace of each, a multiple of what a busy server writes. */
const manyLinesTotal = 10_000_000;
const manyLinesRate = 60_000;

const sleep = (durationMs: number) => new Promise((resolve) => setTimeout(resolve, durationMs));
const quantile = (values: readonly number[], part: number) => [...values].sort((a, b) => a - b)[Math.floor((values.length - 1) * part)] ?? 0;
const round = (value: number) => Math.round(value * 10) / 10;

function helpMs(): number {
  const startMs = performance.now();
  spawnSync(process.execPath, [cli, '--help'], { stdio: 'ignore' });
  return performance.now() - startMs;
}

async function firstFrameMs(): Promise<number> {
  const terminal = new TestTerminal([process.execPath, cli, 'replay', run]);
  const tookMs = await terminal.until((text) => text.includes('1 Testcases'));
  terminal.write('q');
  await terminal.exited;
  return tookMs;
}

interface Figures {
  /** As the screen shows them. */
  readonly shown: string;
  readonly cpuUs: number;
  readonly rssBytes: number;
  /** Written so far to each log. */
  readonly lines: number;
  readonly atMs: number;
}

/** Has the flooded dashboard show its own figures in its header. */
async function figuresOf(terminal: TestTerminal, before: string): Promise<Figures> {
  terminal.signal(12);
  const line = (text: string) => /cpu=(\d+) rss=(\d+) lines=(\d+)/.exec(text);
  await terminal.until((text) => (line(text)?.[0] ?? before) !== before);
  const [shown = '', cpu, rss, lines] = line(terminal.text) ?? [];
  return { shown, cpuUs: Number(cpu), rssBytes: Number(rss), lines: Number(lines), atMs: performance.now() };
}

/** Moves the cursor again and again; @returns how long each move took to show, in milliseconds. */
async function keyLatencies(terminal: TestTerminal, durationMs: number): Promise<number[]> {
  const cursor = () => terminal.text.split('\n').findIndex((line) => line.includes('▸'));
  const latencies: number[] = [];
  const endMs = performance.now() + durationMs;
  while (performance.now() < endMs) {
    const row = cursor();
    terminal.write(latencies.length % 20 < 10 ? 'j' : 'k');
    latencies.push(await terminal.until(() => cursor() !== row));
    await sleep(90);
  }
  return latencies;
}

/** Number of lines in a file, which may be larger than a string. */
const linesIn = (path: string): number => Number.parseInt(execFileSync('wc', ['-l', path], { encoding: 'utf8' }), 10);

/** What a flood that has ended wrote to each log, and how much of that is not on disk, for server and VM. Removes its files. */
function endOfFlood(terminal: TestTerminal): { readonly written: number; readonly linesLost: readonly number[] } {
  const [dir = '', count = '0'] = terminal.text.trim().split('\n').at(-1)?.split(' ') ?? [];
  const written = Number(count);
  const linesLost = ['server', 'vm'].map((log) => written - linesIn(`${dir}/${log}.log`));
  rmSync(dirname(dir), { recursive: true, force: true });
  return { written, linesLost };
}

async function underFlood() {
  const terminal = new TestTerminal([process.execPath, flood, String(rate)], { columns: 200, rows: 60 });
  await terminal.until((text) => text.includes('1 Testcases'));
  await sleep(2000);
  const before = await figuresOf(terminal, '');
  const bytesBefore = terminal.output.length;
  await sleep(seconds * 1000);
  const after = await figuresOf(terminal, before.shown);
  const wallMs = after.atMs - before.atMs;
  const bytes = terminal.output.length - bytesBefore;
  const latencies = await keyLatencies(terminal, seconds * 1000);
  terminal.write('q');
  await terminal.exited;
  return {
    linesPerSecond: rate,
    cpuPercent: round((after.cpuUs - before.cpuUs) / 10 / wallMs),
    rssMiB: round(after.rssBytes / 1024 ** 2),
    rssGrowthMiB: round((after.rssBytes - before.rssBytes) / 1024 ** 2),
    keyP50Ms: round(quantile(latencies, 0.5)),
    keyP99Ms: round(quantile(latencies, 0.99)),
    kibPerSecond: round(bytes / 1024 / (wallMs / 1000)),
    linesLost: endOfFlood(terminal).linesLost,
  };
}

/** As many lines as fast as they can be written: memory may not grow with them. */
async function manyLines() {
  const each = manyLinesTotal / 2;
  const terminal = new TestTerminal([process.execPath, flood, String(manyLinesRate), String(each)], { columns: 200, rows: 60 });
  await terminal.until((text) => text.includes('1 Testcases'));
  const rssMiB: number[] = [];
  let figures = await figuresOf(terminal, '');
  while (figures.lines < each) {
    await sleep(500);
    figures = await figuresOf(terminal, figures.shown);
    rssMiB.push(round(figures.rssBytes / 1024 ** 2));
  }
  terminal.write('q');
  await terminal.exited;
  const { written, linesLost } = endOfFlood(terminal);
  // The first fifth fills buffers and caches.
  const settled = rssMiB.slice(Math.floor(rssMiB.length / 5));
  const middle = Math.floor(settled.length / 2);
  return {
    lines: 2 * written,
    rssMostMiB: Math.max(...rssMiB),
    rssFirstHalfMiB: round(quantile(settled.slice(0, middle), 0.5)),
    rssSecondHalfMiB: round(quantile(settled.slice(middle), 0.5)),
    linesLost,
  };
}

const several = async (count: number, measure: () => number | Promise<number>) => {
  const values: number[] = [];
  for (let index = 0; index < count; index += 1) values.push(await measure());
  return round(quantile(values, 0.5));
};

const result = {
  node: process.version,
  helpMs: await several(5, helpMs),
  firstFrameMs: await several(5, firstFrameMs),
  flood: await underFlood(),
  many: await manyLines(),
};
process.stdout.write(`${JSON.stringify(result)}\n`);

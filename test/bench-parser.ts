import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { LineSplitter } from '../src/stream/split-lines.ts';
import { SuiteParser } from '../src/suite/parser.ts';

// Reads a full run's output again and again, as it comes over SSH, and prints one line of JSON. A benchmark, no test: it never fails.
// `npm run bench:parser [-- MB]` compiles this file and runs it in the repository's folder.
const log = readFileSync(resolve('test/fixtures/nfstest/v3-all.log'));
const megabytes = Number(process.argv[2] ?? 100);
const chunkBytes = 32 * 1024;

const rounds = Math.ceil((megabytes * 1e6) / log.length);
// The first rounds compile the code.
let lines = 0;
let events = 0;
const parseAll = (count: number): number => {
  const splitter = new LineSplitter();
  lines = 0;
  events = 0;
  const startMs = performance.now();
  for (let round = 0; round < count; round++) {
    // One that is given more testcases than any suite has stops reading.
    const parser = new SuiteParser({ testcases: [] });
    for (let at = 0; at < log.length; at += chunkBytes) {
      for (const line of splitter.push(log.subarray(at, at + chunkBytes))) {
        lines += 1;
        events += parser.push(line).length;
      }
    }
  }
  return performance.now() - startMs;
};
parseAll(50);
const tookMs = parseAll(rounds);
const bytes = rounds * log.length;
const figures = {
  megabytesPerSecond: Math.round(bytes / 1e3 / tookMs),
  megabytes: Math.round(bytes / 1e6),
  lines,
  events,
  seconds: Math.round(tookMs / 100) / 10,
  rssMiB: Math.round(process.memoryUsage.rss() / 2 ** 20),
};
process.stdout.write(`${JSON.stringify(figures)}\n`);

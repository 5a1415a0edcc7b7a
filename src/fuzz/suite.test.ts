import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { isRunEvent } from '../model/event-shape.ts';
import type { EventBody } from '../model/events.ts';
import { emptyRunState, reduce } from '../model/run-state.ts';
import { outputByTestcase } from '../reporters/suite-output.ts';
import { LineSplitter } from '../stream/split-lines.ts';
import { SuiteParser } from '../suite/parser.ts';
import { chunked, chunkSizes, fixedRuns, hostileText, suiteLine } from './fake-input.ts';

beforeAll(fixedRuns);

const selected = ['open', 'read'];
const stamp = { runId: 'x', lane: 0, time: '', atMs: 0 };

function parse(lines: readonly string[], exitCode: number | null = 1): EventBody[] {
  const parser = new SuiteParser({ testcases: selected });
  return [...lines.flatMap((line) => parser.push(line)), ...parser.end({ exitCode, durationMs: 1 })];
}

interface Counted {
  readonly name: string;
  readonly passed: number;
  readonly failed: number;
}

/** Every testcase starts, has assertions that add up to its verdict, and ends; the suite ends last. */
function checkEvents(events: readonly EventBody[]): void {
  let current = null as Counted | null;
  const ended = new Set<string>();
  for (const event of events) {
    expect(isRunEvent({ ...event, ...stamp }), JSON.stringify(event)).toBe(true);
    if (event.type === 'testcase.started') {
      expect(current).toBeNull();
      current = { name: event.testcase, passed: 0, failed: 0 };
    } else if (event.type === 'assertion.finished') {
      expect(event.testcase).toBe(current?.name);
      expect(event.verdict).toBe(event.failedCount > 0 ? 'failed' : 'passed');
      if (current !== null) current = { ...current, passed: current.passed + event.passedCount, failed: current.failed + event.failedCount };
    } else if (event.type === 'testcase.finished') {
      ended.add(event.testcase);
      // One that never started gets its verdict at the end.
      expect(current === null ? event : { ...current, verdict: event.verdict }).toMatchObject(
        current === null
          ? { verdict: 'not-run', passedCount: 0, failedCount: 0 }
          : { name: event.testcase, passed: event.passedCount, failed: event.failedCount },
      );
      if (event.failedCount > 0) expect(event.verdict).toBe('failed');
      if (event.verdict === 'passed') expect(event.passedCount + event.failedCount === 0 && event.reason !== null).toBe(false);
      current = null;
    }
  }
  expect(current).toBeNull();
  expect(events.at(-1)?.type).toBe('suite.finished');
  for (const name of selected) expect(ended).toContain(name);
}

describe('SuiteParser', () => {
  it('makes well-formed events of any lines', () => {
    fc.assert(
      fc.property(fc.array(suiteLine, { maxLength: 40 }), fc.constantFrom(0, 1, null), (lines, exitCode) => {
        const events = parse(lines, exitCode);
        checkEvents(events);
        const state = events.reduce((before, body) => reduce(before, { ...body, ...stamp }), emptyRunState);
        expect(state.testcases.every(({ status }) => status !== 'pending' && status !== 'running')).toBe(true);
        expect(JSON.stringify(events)).not.toMatch(/\\u00(0[0-8]|1|7f|[89])/);
      }),
    );
  });

  it('makes the same events however the stream is cut', () => {
    fc.assert(
      fc.property(fc.array(suiteLine, { maxLength: 20 }), chunkSizes, (lines, sizes) => {
        const bytes = new TextEncoder().encode(lines.join('\n'));
        const read = (chunks: readonly Uint8Array[]) => {
          const splitter = new LineSplitter();
          return parse([...chunks.flatMap((chunk) => splitter.push(chunk)), ...splitter.end()]);
        };
        expect(read(chunked(bytes, sizes))).toEqual(read([bytes]));
      }),
    );
  });

  it('keeps little of noise without an end', () => {
    const parser = new SuiteParser({ testcases: selected });
    const noise = fc.sample(fc.oneof(hostileText, fc.constantFrom('  File "/x", line 1', '      deep', 'Traceback (most recent call last):')), 500);
    parser.push("    TEST: Running test 'open'");
    parser.push('    FAIL: held back');
    for (let round = 0; round < 100; round++) for (const line of noise) parser.push(`          ${line}`);
    for (let round = 0; round < 100; round++) for (const line of noise) parser.push(line);
    const events = parser.end({ exitCode: 1, durationMs: 1 });
    expect(JSON.stringify(events).length).toBeLessThan(1_000_000);
  });

  it('output per testcase holds nothing but what was printed', () => {
    fc.assert(
      fc.property(fc.array(suiteLine, { maxLength: 30 }), (lines) => {
        const output = [...outputByTestcase(lines).values()].flat();
        expect(output.length).toBeLessThanOrEqual(lines.length);
        expect(output.join('')).not.toMatch(/(?!\t|\n)\p{Cc}/u);
      }),
    );
  });
});

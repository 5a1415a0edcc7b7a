import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readRun } from '../history/read-runs.ts';
import { isRunEvent } from '../model/event-shape.ts';
import type { RunEvent } from '../model/events.ts';
import { emptyRunState, reduce } from '../model/run-state.ts';
import { summarise } from '../model/summary.ts';
import { outcomeOf } from '../model/verdict.ts';
import { plain } from '../reporters/plain.ts';
import { buildReport } from '../reporters/report.ts';
import { tap } from '../reporters/tap.ts';
import { almost, fewer, fixedRuns, hostileText } from './fake-input.ts';

let folder: string;
beforeAll(() => {
  fixedRuns();
  folder = mkdtempSync(join(tmpdir(), 'nfstest-fuzz-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const recorded = (run: string): RunEvent[] =>
  readFileSync(new URL(`../../test/fixtures/runs/${run}/events.ndjson`, import.meta.url), 'utf8')
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as RunEvent);

/** One real event of each type, and some of the assertions. */
const samples = [...new Map([...recorded('full'), ...recorded('no-vm')].map((event) => [event.type, event])).values()];
const text = fc.oneof(hostileText, fc.constantFrom('open', 'read', ''));

/** Real events with their texts replaced, events with one thing wrong, events of a later version, and anything. */
const event = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(...samples).chain((sample) => almost(sample)) },
  {
    weight: 4,
    arbitrary: fc
      .tuple(fc.constantFrom(...samples), text)
      .map(([sample, said]) =>
        Object.fromEntries(
          Object.entries(sample).map(([key, value]) => [key, ['message', 'testcase', 'reason', 'kernel', 'detail', 'command'].includes(key) ? said : value]),
        ),
      ),
  },
  { weight: 1, arbitrary: fc.record({ type: fc.string(), runId: fc.string(), lane: fc.nat(), time: fc.string(), atMs: fc.nat() }) },
  { weight: 1, arbitrary: fc.jsonValue() },
);

describe('a recording', () => {
  it('is read, reduced and shown, whatever its lines hold', async () => {
    const file = join(folder, 'events.ndjson');
    await fc.assert(
      fc.asyncProperty(fc.array(event, { maxLength: 25 }), fc.nat(200), async (events, cut) => {
        const whole = events.map((one) => `${JSON.stringify(one)}\n`).join('');
        writeFileSync(file, whole.slice(0, Math.max(0, whole.length - cut)));
        const run = await readRun(folder);
        expect(run.events.every(isRunEvent)).toBe(true);
        expect(run.events.length + run.damagedLines).toBeLessThanOrEqual(events.length);
        outcomeOf(run.state);
        const report = buildReport({ events: run.events });
        // Made for a terminal without colours.
        const printed = [tap(report)];
        const reporter = plain({ write: (part) => printed.push(part) });
        for (const one of run.events) reporter.onEvent?.(one);
        reporter.finish?.();
        expect(printed.join('')).not.toMatch(/(?![\t\n])\p{Cc}/u);
        expect(summarise(run.state).format).toBe(1);
      }),
      fewer(0.5),
    );
  });

  it('gives the same state when it is read again from what was written', () => {
    fc.assert(
      fc.property(fc.array(event, { maxLength: 25 }), (events) => {
        const sound = events.filter(isRunEvent);
        const fold = (list: readonly RunEvent[]) => list.reduce((state, one) => reduce(state, one) ?? state, emptyRunState);
        expect(JSON.stringify(fold(JSON.parse(JSON.stringify(sound)) as RunEvent[]))).toBe(JSON.stringify(fold(sound)));
      }),
    );
  });

  it('real events are sound', () => {
    for (const run of ['full', 'no-vm', 'nfstest-open', 'nfstest-chmod-v4']) expect(recorded(run).filter((one) => !isRunEvent(one))).toEqual([]);
  });
});

import { describe, expect, it } from 'vitest';
import type { RunEvent } from '../model/events.ts';
import { combineReporters, reporters } from './index.ts';

const ready: RunEvent = { type: 'vm.ready', runId: 'r', lane: 0, time: '2026-11-24T01:55:03.000Z', atMs: 5 };

describe('ndjson', () => {
  it('writes one event per line, as the run folder does', () => {
    let text = '';
    const reporter = reporters.ndjson({
      write(part) {
        text += part;
      },
    });
    reporter.onEvent(ready);
    reporter.onEvent({ ...ready, type: 'note.reported', level: 'info', message: 'two\nlines' });
    expect(text).toMatchInlineSnapshot(`
      "{"type":"vm.ready","runId":"r","lane":0,"time":"2026-11-24T01:55:03.000Z","atMs":5}
      {"type":"note.reported","runId":"r","lane":0,"time":"2026-11-24T01:55:03.000Z","atMs":5,"level":"info","message":"two\\nlines"}
      "
    `);
    expect(
      text
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line) as RunEvent)[0],
    ).toEqual(ready);
  });
});

describe('combineReporters', () => {
  it('drops a reporter that throws, once, and goes on with the others', () => {
    const seen: string[] = [];
    const errors: unknown[] = [];
    const boom = new Error('boom');
    let calls = 0;
    const broken = {
      onEvent() {
        calls += 1;
        throw boom;
      },
      onLine: () => seen.push('never'),
    };
    const good = { onEvent: (event: RunEvent) => seen.push(event.type), onLine: (_: string, line: string) => seen.push(line) };
    const all = combineReporters([broken, good], (error) => errors.push(error));
    all.onEvent(ready);
    all.onEvent(ready);
    all.onLine('suite', 'a line');
    all.finish();
    expect(seen).toEqual(['vm.ready', 'vm.ready', 'a line']);
    expect(errors).toEqual([boom]);
    expect(calls).toBe(1);
  });
});

it('the table names every reporter', () => {
  expect(Object.keys(reporters)).toEqual(['plain', 'ndjson']);
});

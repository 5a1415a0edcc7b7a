import { readFileSync } from 'node:fs';
import { type LogChannel, logChannels, type RunEvent } from '../model/events.ts';
import { buildReport, type Report } from './report.ts';

const runs = new URL('../../test/fixtures/runs/', import.meta.url);

const linesOf = (path: string) => readFileSync(new URL(path, runs), 'utf8').split('\n').filter(Boolean);

export const recordedEvents = (run: string): RunEvent[] => linesOf(`${run}/events.ndjson`).map((line) => JSON.parse(line) as RunEvent);

/** The report of a recorded real run, see test/fixtures/runs/README.md. */
export function recordedReport(
  run: 'full' | 'no-vm' | 'nfstest-open' | 'nfstest-chmod-v4' | 'broken-rename' | 'ganesha-rename' | 'nfstest-open-triage',
): Report {
  const logs = Object.fromEntries(logChannels.map((channel) => [channel, linesOf(`${run}/${channel}.log`)])) as Record<LogChannel, string[]>;
  return buildReport({ events: recordedEvents(run), logs });
}

/** The report of a run in which these events happen, one per second, between its start and its end. */
export function reportOfEvents(events: readonly Record<string, unknown>[], logs: Parameters<typeof buildReport>[0]['logs'] = {}): Report {
  const all = [
    {
      type: 'run.started',
      server: { name: 'ganesha', title: 'NFS-Ganesha', image: 'ganesha:latest' },
      nfsVersion: '3',
      testcases: ['read', 'open', 'write'],
      program: '0.1.0',
    },
    ...events,
  ];
  const stamped = all.map((event, index) => ({
    ...event,
    runId: '20261124-015503-ab12',
    lane: 0,
    time: new Date(Date.UTC(2026, 10, 24, 1, 55, index)).toISOString(),
    atMs: index * 1000,
  }));
  return buildReport({ events: stamped as unknown as RunEvent[], logs });
}

export const started = (testcase: string) => ({ type: 'testcase.started', testcase });
export const assertion = (testcase: string, verdict: 'passed' | 'failed', message: string, more: Record<string, unknown> = {}) => ({
  type: 'assertion.finished',
  testcase,
  verdict,
  message,
  passedCount: verdict === 'passed' ? 1 : 0,
  failedCount: verdict === 'failed' ? 1 : 0,
  details: [],
  ...more,
});
export const finished = (testcase: string, verdict: 'passed' | 'failed' | 'not-run', more: Record<string, unknown> = {}) => ({
  type: 'testcase.finished',
  testcase,
  verdict,
  passedCount: 1,
  failedCount: verdict === 'failed' ? 1 : 0,
  durationMs: 1200,
  reason: null,
  ...more,
});
export const ended = (exitCode: number, reason: string, more: Record<string, unknown> = {}) => ({
  type: 'run.finished',
  exitCode,
  reason,
  hint: null,
  log: null,
  durationMs: 30_000,
  ...more,
});

/** What the worst server, kernel and file name can put into a message. */
export const nasty = 'a]]>b <i>&amp; "q" \u001B[31mred\u001B[0m \u0000\u0007\u000B\uFFFE \uD800 end # TODO % \\ | `x`\nsecond: line';

import type { EventBody, RunEvent } from './events.ts';
import { consoleFaults } from './loss-events.ts';

type Check = (value: unknown) => boolean;

const text: Check = (value) => typeof value === 'string';
const number: Check = (value) => typeof value === 'number' && Number.isFinite(value);
const flag: Check = (value) => typeof value === 'boolean';
const orNull =
  (check: Check): Check =>
  (value) =>
    value === null || check(value);
const optional =
  (check: Check): Check =>
  (value) =>
    value === undefined || check(value);
const listOf =
  (check: Check): Check =>
  (value) =>
    Array.isArray(value) && value.every(check);
const oneOf =
  (...words: readonly string[]): Check =>
  (value) =>
    typeof value === 'string' && words.includes(value);
const object =
  (fields: Readonly<Record<string, Check>>): Check =>
  (value) =>
    typeof value === 'object' && value !== null && Object.entries(fields).every(([name, check]) => check((value as Record<string, unknown>)[name]));
const textMap: Check = (value) => typeof value === 'object' && value !== null && Object.values(value).every(text);

const texts = listOf(text);
const verdict = oneOf('passed', 'failed', 'not-run');
const server = object({ name: text, title: text, image: text });
const suite = object({ kind: oneOf('nfstest', 'bundled'), version: orNull(text), source: text, script: optional(text) });
const known = object({
  testcase: text,
  message: orNull(text),
  reason: text,
  nfs: texts,
  kernel: texts,
  suite: orNull(oneOf('nfstest', 'bundled')),
});
const environment = object({ imageId: orNull(text), clientKernel: orNull(text), accelerator: orNull(text) });
const round = object({ number, changed: texts, waitedMs: number });

const counted = listOf(object({ count: number }));
const traffic = object({ calls: number, procedures: counted, errors: counted, latencyMs: orNull(object({ p50: number, p99: number })) });
const call = object({ time: text, call: text, object: text, status: orNull(text), latencyMs: orNull(number) });
const logLine = object({ time: text, channel: text, line: text });

/** The fields that an event of each type must have; see `events.ts`. */
const bodies: Readonly<Record<EventBody['type'], Readonly<Record<string, Check>>>> = {
  'run.started': {
    ...{ server, nfsVersion: text, testcases: texts, program: text, settings: optional(textMap) },
    ...{ environment: optional(environment), lanes: optional(number), round: optional(round) },
  },
  'known-failures.read': { source: text, strict: flag, entries: listOf(known) },
  'suite.resolved': { suite },
  'phase.started': { phase: text },
  'phase.finished': { phase: text, outcome: oneOf('ok', 'failed', 'cancelled'), durationMs: number, detail: orNull(text) },
  'progress.reported': { phase: text, message: text, fraction: orNull(number) },
  'note.reported': { level: oneOf('info', 'warning'), message: text },
  'server.started': { containerId: text, containerName: text, nfsPort: number, mountPort: number, image: text, imageId: optional(text) },
  'server.ready': {},
  'server.sampled': { state: text, cpuPercent: number, memoryBytes: number, restarts: number },
  'server.exited': { exitCode: orNull(number), outOfMemory: flag, unexpected: flag },
  'vm.started': { pid: number, accelerator: text, sshPort: number },
  'vm.ready': {},
  'vm.exited': { exitCode: orNull(number), signal: orNull(text), unexpected: flag },
  'client.connected': { kernel: text },
  'suite.started': { command: text, mountOptions: optional(text) },
  'testcase.started': { testcase: text },
  'assertion.finished': { testcase: text, verdict: oneOf('passed', 'failed'), message: text, passedCount: number, failedCount: number, details: texts },
  'remark.reported': { testcase: orNull(text), level: oneOf('bug', 'warning', 'info'), message: text },
  'testcase.finished': { testcase: text, verdict, passedCount: number, failedCount: number, durationMs: orNull(number), reason: orNull(text) },
  'testcase.traffic': {
    ...{ testcase: text, capture: orNull(text), complete: flag, command: orNull(text), problem: orNull(text) },
    ...{ totals: orNull(traffic), windows: listOf(object({ failure: number, calls: listOf(call), omittedCount: number, lines: listOf(logLine) })) },
  },
  'suite.setup-failed': { message: text, details: texts },
  'suite.finished': { exitCode: orNull(number), durationMs: number, printed: orNull(object({ tests: number, passed: number, failed: number })) },
  'round.finished': {
    ...{ number, results: listOf(object({ testcase: text, before: orNull(verdict), now: verdict })) },
    ...{ buildMs: orNull(number), restartMs: orNull(number), testsMs: orNull(number), totalMs: number },
  },
  'versions.finished': {
    runs: listOf(
      object({
        nfsVersion: text,
        runId: orNull(text),
        exitCode: number,
        results: listOf(object({ testcase: text, conclusion: oneOf('passed', 'failed', 'known', 'not-run') })),
      }),
    ),
    skipped: texts,
  },
  'triage.finished': {
    ...{ testcase: text, blame: oneOf('server', 'client or suite', 'flaky or environment', 'unclear'), reason: text, failures: texts },
    results: listOf(object({ where: oneOf('own', 'reference', 'local'), title: text, verdict, failures: texts, reason: orNull(text) })),
  },
  'server.unresponsive': { missedCount: number, silentMs: number, lines: texts },
  'vm.faulted': { fault: oneOf(...consoleFaults), message: text, lines: texts },
  'client.disconnected': { reason: text, lines: texts },
  'engine.lost': { reason: text, lines: texts },
  'hang.diagnosed': { reason: text, file: text, blocked: texts, pendingCalls: texts },
  'lane.replaced': { attempt: number, reason: text },
  'run.finished': { exitCode: number, reason: text, hint: orNull(text), log: orNull(object({ path: text, lines: texts })), durationMs: number },
};

const stamp = object({ runId: text, lane: optional(number), time: text, atMs: number });
const checks: ReadonlyMap<string, Check> = new Map(Object.entries(bodies).map(([type, fields]) => [type, object(fields)]));

/** Whether a value is an event that screens and reports can be built from; one of a type that a newer version has is. */
export function isRunEvent(value: unknown): value is RunEvent {
  if (typeof value !== 'object' || value === null || !('type' in value) || typeof value.type !== 'string') return false;
  return stamp(value) && (checks.get(value.type)?.(value) ?? true);
}

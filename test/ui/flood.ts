import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FakeController } from '../../components/testing/fake-controller.ts';
import { showDashboard } from '../../src/commands/dashboard.ts';
import { createRunFolder } from '../../src/history/run-folder.ts';
import { newRunId } from '../../src/history/run-id.ts';
import type { LogChannel } from '../../src/model/events.ts';
import { ExitCode } from '../../src/model/exit-codes.ts';
import { LogHub } from '../../src/stream/log-hub.ts';

// The dashboard under a flood of log lines; its arguments are the number of lines a second on each of two logs, and how many each gets at most.
const rate = Number(process.argv[2] ?? 20_000);
const most = Number(process.argv[3] ?? Number.POSITIVE_INFINITY);
const stepMs = 50;

const hub = new LogHub();
const folder = createRunFolder(mkdtempSync(join(tmpdir(), 'nfstest-flood-')), newRunId());
hub.subscribe(folder.onLine);
const controller = Object.assign(new FakeController(), { log: (channel: LogChannel) => hub.buffers[channel], now: Date.now, runFolder: () => folder.dir });
controller.becomeReady();

let written = 0;
let due = 0;
let lastMs = performance.now();
const flood = setInterval(() => {
  const now = performance.now();
  due += ((now - lastMs) * rate) / 1000;
  lastMs = now;
  const count = Math.min(Math.floor(due), most - written);
  due -= count;
  for (let number = written; number < written + count; number += 1) {
    hub.write('server', `24/11/2026 02:30:56 : epoch 6b04f6bf : ganesha.nfsd-13[svc_10] rpc :TIRPC :EVENT :request ${number}\n`);
    hub.write('vm', `[${(number / 1000).toFixed(6).padStart(12)}] nfs: \u001B[32mserver 10.0.2.2\u001B[0m OK, request ${number}\n`);
  }
  written += count;
}, stepMs);

/** Lines that a parent reads: the figures of this process. */
process.on('SIGUSR2', () => {
  const { user, system } = process.cpuUsage();
  controller.emit({ type: 'note.reported', level: 'info', message: `cpu=${user + system} rss=${process.memoryUsage().rss} lines=${written}` });
});
controller.left.resolve(ExitCode.passed);
controller.emit({ type: 'note.reported', level: 'info', message: '' });
controller.store.update({ environment: 'starting' });
process.exitCode = await showDashboard(controller, { isTerminal: true });
clearInterval(flood);
await folder.close();
process.stdout.write(`${folder.dir} ${written}\n`);

import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { EnvironmentError } from '../model/errors.ts';
import { askEngine } from './engine-socket.ts';
import { FakeHost, failedAttempt, fakeEngine } from './fake-host.ts';
import { processStartTime } from './process.ts';
import { RealHost } from './real-host.ts';
import { startEngine } from './start-engine.ts';

const up = { engine: fakeEngine, tried: [] };
const down = { engine: null, tried: [failedAttempt('no such socket')] };

describe('decisions', () => {
  const lines: string[] = [];
  const start = async (host: FakeHost) => {
    lines.length = 0;
    return startEngine({ host, sudo: [], logDir: 'log', write: (line) => lines.push(line), isTerminal: false, runDir: '/run' });
  };
  function machine(...programs: string[]): FakeHost {
    const host = new FakeHost();
    host.engine = down;
    for (const program of ['dockerd', ...programs]) host.programs.add(program);
    return host;
  }
  const launches = (host: FakeHost) => host.ran.filter((command) => command.includes('setsid'));
  function launched(host: FakeHost) {
    host.processes.set(77, '/usr/bin/dockerd');
    return { stdout: '77\n' };
  }
  function startUp(host: FakeHost) {
    host.engine = up;
    return {};
  }

  test('the service first, systemd where it runs', async () => {
    for (const [program, files, command] of [
      ['service', [], 'service docker start'],
      ['systemctl', ['/run/systemd/system'], 'systemctl start docker'],
    ] as const) {
      const host = machine(program);
      for (const file of files) host.files.set(file, '');
      host.answers.push([command, startUp]);
      expect(await start(host)).toMatchObject({ by: 'service' });
      expect(launches(host)).toEqual([]);
    }
  });

  test('dockerd itself where the service fails or brings nothing', async () => {
    for (const exitCode of [0, 1]) {
      const host = machine('service');
      host.answers.push(['service docker start', { exitCode }], ['setsid', launched]);
      host.onSleep = () => {
        if (host.processes.has(77)) host.engine = up;
      };
      expect(await start(host)).toMatchObject({ by: 'dockerd' });
      expect(host.files.get('log/dockerd.pid')).toBe('77\n');
    }
  });

  test('dockerd that ends: its last lines', async () => {
    const host = machine();
    host.answers.push([
      'setsid',
      (that) => {
        that.files.set('log/dockerd.log', 'a\niptables not found\n');
        return { stdout: '77\n' };
      },
    ]);
    const error = await start(host).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(EnvironmentError);
    expect(error).toMatchObject({
      message: 'dockerd ended before it answered',
      log: { path: 'log/dockerd.log', lines: ['a', 'iptables not found'] },
    });
  });

  test('dockerd that never answers is ended', async () => {
    const host = machine();
    host.answers.push(['setsid', launched]);
    await expect(start(host)).rejects.toThrow('dockerd did not answer within 30 s');
    expect(host.ran.at(-1)).toBe('sh -c kill "$1" sh 77');
  });

  test('a stale pid file is removed: no such process, or another program', async () => {
    for (const command of [null, '/usr/bin/dockerd-monitor', 'vim dockerd']) {
      const host = machine();
      host.files.set('/run/docker.pid', '55');
      host.files.set('/run/docker/containerd/containerd.pid', '56');
      if (command !== null) host.processes.set(55, command);
      host.answers.push(['setsid', launched]);
      host.onSleep = () => {
        host.engine = up;
      };
      await start(host);
      expect(host.ran.slice(0, 2)).toEqual(['rm -f /run/docker.pid', 'rm -f /run/docker/containerd/containerd.pid']);
    }
  });

  test('a pid file that only root may read is read with sudo', async () => {
    const host = machine();
    host.answers.push(['cat /run/docker/containerd/containerd.pid', { stdout: '56\n' }], ['setsid', launched]);
    host.onSleep = () => {
      host.engine = up;
    };
    await startEngine({ host, sudo: ['sudo'], logDir: 'log', write: () => {}, isTerminal: false, runDir: '/run' });
    expect(host.ran).toContain('sudo rm -f /run/docker/containerd/containerd.pid');
    expect(host.ran).not.toContain('sudo rm -f /run/docker.pid');
  });

  test('a dockerd that runs is waited for, never replaced', async () => {
    const host = machine('service');
    host.files.set('/run/docker.pid', '55');
    host.processes.set(55, '/usr/sbin/dockerd -H fd://');
    host.onSleep = (nowMs) => {
      if (nowMs >= 2000) host.engine = up;
    };
    expect(await start(host)).toMatchObject({ by: 'itself' });
    host.engine = down;
    host.onSleep = () => {};
    await expect(start(host)).rejects.toThrow('dockerd runs (pid 55) but does not answer');
    expect(host.ran).toEqual([]);
  });

  test('a refused user is told, and the engine stays', async () => {
    const host = machine();
    host.answers.push([
      'setsid',
      (that) => {
        that.engine = { engine: null, tried: [failedAttempt('permission denied')] };
        return launched(that);
      },
    ]);
    await expect(start(host)).rejects.toThrow('permission denied');
    expect(host.ran.some((command) => command.includes('kill'))).toBe(false);
  });
});

describe('a real process', () => {
  let dir = '';
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'dockerd-'));
  });
  afterEach(async () => rm(dir, { recursive: true, force: true }));

  /** This machine, but with a `dockerd` of ours and its socket. */
  class HostWithDockerd extends RealHost {
    override readonly which = async (command: string) => (command === 'dockerd' ? join(dir, 'dockerd') : null);
    override async findEngine() {
      const answer = await askEngine({ host: `unix://${dir}/engine.sock`, origin: 'test', explicit: false }, {}, 500);
      return 'version' in answer ? { engine: answer, tried: [] } : { engine: null, tried: [answer] };
    }
  }

  async function startWith(script: string, signal?: AbortSignal) {
    await writeFile(join(dir, 'dockerd'), script);
    await chmod(join(dir, 'dockerd'), 0o755);
    return startEngine({ host: new HostWithDockerd(), sudo: [], logDir: dir, write: () => {}, isTerminal: false, runDir: dir, signal });
  }

  const pidOf = async () => Number(await readFile(join(dir, 'dockerd.pid'), 'utf8'));

  test('runs in a session of its own until it answers', async () => {
    const answers = `(q, s) => s.end(q.url === '/version' ? '{"Version":"1","ApiVersion":"1"}' : '{}')`;
    const script = `#!${process.execPath}\nconsole.log('hello'); require('node:http').createServer(${answers}).listen('${dir}/engine.sock')\n`;
    const { by } = await startWith(script);
    const pid = await pidOf();
    try {
      expect(by).toBe('dockerd');
      const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => null);
      // Fields 5 and 6: process group and session.
      if (stat !== null)
        expect(
          stat
            .slice(stat.lastIndexOf(')') + 2)
            .split(' ')
            .slice(2, 4),
        ).toEqual([String(pid), String(pid)]);
      expect(await readFile(join(dir, 'dockerd.log'), 'utf8')).toBe('hello\n');
    } finally {
      process.kill(pid, 'SIGKILL');
    }
  });

  test('ends at once: the log says why', async () => {
    const error = await startWith('#!/bin/sh\necho "failed to start daemon" >&2\nexit 1\n').catch((reason: unknown) => reason);
    expect(error).toMatchObject({ message: 'dockerd ended before it answered', log: { lines: ['failed to start daemon'] } });
  });

  test('an aborted start leaves nothing', async () => {
    const controller = new AbortController();
    const started = startWith(`#!/bin/sh\necho $$ >'${dir}/real-pid'\nexec sleep 60\n`, controller.signal);
    setTimeout(() => controller.abort(new Error('stop')), 700);
    await expect(started).rejects.toThrow('stop');
    const pid = Number(await readFile(join(dir, 'real-pid'), 'utf8'));
    await expect.poll(async () => processStartTime(pid)).toBeNull();
  });
});

import { expect, test } from 'vitest';
import { EnvironmentError } from '../model/errors.ts';
import { type FakeHost, failedAttempt, fakeEngine, readyHost } from './fake-host.ts';
import { runSetup, type SetupOptions } from './setup.ts';

const up = { engine: fakeEngine, tried: [] };
const down = { engine: null, tried: [failedAttempt('no such socket')] };

function bring(host: FakeHost, program: string) {
  host.programs.add(program);
  return {};
}

function startUp(host: FakeHost) {
  host.engine = up;
  return {};
}

async function setup(host: FakeHost, more: Partial<SetupOptions> = {}) {
  const lines: string[] = [];
  const asked: string[] = [];
  const result = await runSetup({
    host,
    yes: false,
    isTerminal: false,
    ask: async (question) => {
      asked.push(question);
      return true;
    },
    write: (line) => lines.push(line),
    logDir: 'build/setup',
    ...more,
  }).catch((error: unknown) => error);
  return { result, error: result as EnvironmentError, lines, asked, text: lines.join('\n') };
}

/** A machine without these programs; an apt-get install brings them. */
function lacking(...programs: string[]): FakeHost {
  const host = readyHost();
  for (const program of programs) host.programs.delete(program);
  host.answers.push([
    ' install ',
    (machine) => {
      for (const program of programs) machine.programs.add(program);
      return { stdout: 'Setting up things\n' };
    },
  ]);
  return host;
}

test('nothing to do', async () => {
  const host = readyHost();
  const { result, lines } = await setup(host);
  expect(result).toEqual({ installed: [], engineStarted: null });
  expect(lines).toEqual(['nothing to do: everything is installed, and Docker 20.10.24 answers']);
  expect(host.ran).toEqual([]);
});

test('root without a terminal: installs what is missing, each package once, and a second run does nothing', async () => {
  const host = lacking('qemu-img', 'qemu-system-x86_64', 'genisoimage');
  const { result, text, asked } = await setup(host);
  expect(result).toEqual({ installed: ['qemu-system-x86', 'qemu-utils', 'genisoimage'], engineStarted: null });
  expect(host.ran).toEqual([
    'env DEBIAN_FRONTEND=noninteractive NEEDRESTART_MODE=l apt-get -o DPkg::Lock::Timeout=120 -o Acquire::Retries=3 -o Dpkg::Options::=--force-confold install -y --no-install-recommends qemu-system-x86 qemu-utils genisoimage',
  ]);
  expect(text).toContain(`will run: ${host.ran[0]}`);
  expect(asked).toEqual([]);
  expect(host.files.get('build/setup/apt.log')).toContain('Setting up things');
  expect((await setup(host)).text).toContain('nothing to do');
});

test.each([
  ['missing', null, true],
  ['older than a day', 25 * 3_600_000, true],
  ['new', 3_600_000, false],
])('package lists that are %s', async (_, ageMs, isUpdated) => {
  const host = lacking('genisoimage');
  host.listsAgeMs = ageMs;
  await setup(host);
  expect(host.ran.some((command) => command.endsWith(' update'))).toBe(isUpdated);
});

test('for the tests of this program it brings tshark and a browser, and only then', async () => {
  const host = lacking('chromium', 'tshark');
  expect((await setup(host)).text).toContain('nothing to do');
  const { result, text } = await setup(host, { forTests: true });
  expect(result).toEqual({ installed: ['tshark', 'chromium'], engineStarted: null });
  expect(text).toContain('missing: Chromium, looks at the HTML report in the tests');
  host.programs.delete('chromium');
  host.programs.add('google-chrome');
  expect((await setup(host, { forTests: true })).text).toContain('nothing to do');
});

test('lists that turn out to be stale are updated and the installation tried again', async () => {
  const host = lacking('genisoimage');
  let tries = 0;
  host.answers.unshift([' install ', () => (tries++ === 0 ? { exitCode: 100, stderr: 'E: Failed to fetch x  404  Not Found' } : undefined)]);
  host.answers.push([' update', (machine) => bring(machine, 'genisoimage')]);
  expect((await setup(host)).result).toMatchObject({ installed: ['genisoimage'] });
  expect(tries).toBe(2);
});

test('an optional package that the archives lack does not keep the others away', async () => {
  const host = lacking('genisoimage');
  host.programs.delete('mmdebstrap');
  host.answers.unshift([' mmdebstrap', { exitCode: 100, stderr: 'E: Unable to locate package mmdebstrap' }]);
  const { result, text } = await setup(host);
  expect(result).toMatchObject({ engineStarted: null });
  expect(text).toContain("not available from this system's packages: mmdebstrap (optional)");
  expect(host.programs.has('genisoimage')).toBe(true);
});

test('on a terminal it asks, and no is no', async () => {
  const host = lacking('genisoimage');
  const { error } = await setup(host, { isTerminal: true, ask: async () => false });
  expect(error).toBeInstanceOf(EnvironmentError);
  expect(error.exitCode).toBe(3);
  expect(host.ran).toEqual([]);
  expect((await setup(host, { isTerminal: true })).asked).toEqual(['Go ahead?']);
  expect((await setup(lacking('git'), { isTerminal: true, yes: true })).asked).toEqual([]);
});

test('apt that fails ends with its last lines and its log', async () => {
  const host = lacking('genisoimage');
  host.answers.unshift([' install ', { exitCode: 100, stderr: 'E: You do not have enough free space' }]);
  const { error } = await setup(host);
  expect(error).toBeInstanceOf(EnvironmentError);
  expect(error.log?.path).toBe('build/setup/apt.log');
  expect(error.log?.lines).toContain('E: You do not have enough free space');
});

test('apt that fails in a script but brought everything is only noted', async () => {
  const host = lacking('genisoimage');
  host.answers.unshift([' install ', (machine) => ({ ...bring(machine, 'genisoimage'), exitCode: 100, stderr: 'invoke-rc.d: failed' })]);
  const { result, text } = await setup(host);
  expect(result).toMatchObject({ installed: ['genisoimage'] });
  expect(text).toContain('apt-get reported an error, but everything that is needed is there');
});

test('apt that succeeds without bringing the program is an error', async () => {
  const host = lacking();
  host.programs.delete('qemu-img');
  expect((await setup(host)).error.message).toBe('still missing after the installation: qemu-img');
});

test('who is not root uses sudo, which does not ask without a terminal', async () => {
  const host = lacking('genisoimage');
  host.isRoot = false;
  host.programs.add('sudo');
  await setup(host, { isTerminal: true, yes: true });
  expect(host.ran.at(-1)).toMatch(/^sudo env .* genisoimage$/);
  const other = lacking('genisoimage');
  other.isRoot = false;
  other.programs.add('sudo');
  await setup(other, { yes: true });
  expect(other.ran[0]).toBe('sudo -n true');
  expect(other.ran.at(-1)).toMatch(/^sudo -n env /);
});

test('without a terminal a user with sudo has to say --yes', async () => {
  const host = lacking('genisoimage');
  host.isRoot = false;
  host.programs.add('sudo');
  const { error } = await setup(host);
  expect(error.message).toBe('nothing was installed: nobody could be asked');
  expect(error.hint).toContain('--yes');
  expect(host.ran.filter((command) => command !== 'sudo -n true')).toEqual([]);
});

test.each(['no sudo', 'a password'])('who is not root and has %s gets the command', async (why) => {
  const host = lacking('genisoimage');
  host.isRoot = false;
  if (why === 'a password') {
    host.programs.add('sudo');
    host.answers.unshift(['sudo -n true', { exitCode: 1 }]);
  }
  const { error, text } = await setup(host);
  expect(error).toBeInstanceOf(EnvironmentError);
  expect(text).toMatch(/run this as root: env .* genisoimage/);
  expect(host.programs.has('genisoimage')).toBe(false);
});

test('a package that starts its service needs no start', async () => {
  const host = lacking('dockerd');
  host.engine = down;
  host.answers.unshift([' install ', (machine) => ({ ...bring(machine, 'dockerd'), ...startUp(machine) })]);
  expect((await setup(host)).result).toEqual({ installed: ['docker.io'], engineStarted: null });
});

test('an engine that is installed but stopped is started, not installed again', async () => {
  const host = readyHost();
  host.engine = down;
  host.answers.unshift(['service docker start', startUp]);
  expect((await setup(host)).result).toEqual({ installed: [], engineStarted: 'service' });
});

test('DOCKER_HOST that does not answer and a socket that refuses are not mended by installing', async () => {
  for (const attempt of [failedAttempt('nothing listens there', { explicit: true, origin: 'DOCKER_HOST' }), failedAttempt('permission denied')]) {
    const host = readyHost();
    host.programs.delete('dockerd');
    host.engine = { engine: null, tried: [attempt] };
    const { error } = await setup(host);
    expect(error.message).toContain(attempt.reason);
    expect(host.ran).toEqual([]);
  }
});

test('a user with sudo is let in where the socket refuses, in the middle of a start as well', async () => {
  const denied = { engine: null, tried: [failedAttempt('permission denied')] };
  const host = readyHost();
  Object.assign(host, { isRoot: false, engine: denied });
  host.programs.add('sudo');
  host.answers.unshift(['chown ann /var/run/docker.sock', startUp]);
  expect((await setup(host, { yes: true })).result).toEqual({ installed: [], engineStarted: null });
  expect(host.ran).toEqual(['sudo -n true', 'sudo -n usermod -aG docker ann', 'sudo -n chown ann /var/run/docker.sock']);

  const stopped = readyHost();
  Object.assign(stopped, { isRoot: false, engine: down });
  stopped.programs.add('sudo');
  stopped.answers.unshift(
    ['chown ann /var/run/docker.sock', startUp],
    [
      'service docker start',
      (machine) => {
        machine.engine = denied;
        return {};
      },
    ],
  );
  expect((await setup(stopped, { yes: true })).result).toEqual({ installed: [], engineStarted: 'service' });
});

test('a user who stays refused is told, after a few tries', async () => {
  const host = readyHost();
  Object.assign(host, { isRoot: false, engine: { engine: null, tried: [failedAttempt('permission denied')] } });
  host.programs.add('sudo');
  expect((await setup(host, { yes: true })).error.message).toContain('permission denied');
  expect(host.ran.filter((command) => command.includes('chown')).length).toBe(1);
  host.answers.unshift(['sudo -n true', { exitCode: 1 }]);
  expect((await setup(host, { yes: true })).error.message).toContain('permission denied');
});

test('macOS: the brew line and how to start an engine', async () => {
  const host = readyHost();
  host.platform = 'darwin';
  host.engine = down;
  host.programs.clear();
  const { error, text } = await setup(host);
  expect(error).toBeInstanceOf(EnvironmentError);
  expect(text).toContain('  brew install colima docker qemu git');
  expect(text).toContain('  colima start');
  expect(host.ran).toEqual([]);
});

test('a distribution without apt-get gets the names', async () => {
  const host = readyHost();
  host.programs.delete('apt-get');
  host.programs.delete('qemu-img');
  const { error, text } = await setup(host);
  expect(error.message).toBe('missing: qemu-img');
  expect(text).toContain('install, as Debian names them: qemu-utils');
  host.programs.add('qemu-img');
  host.programs.delete('mmdebstrap');
  expect((await setup(host)).result).toEqual({ installed: [], engineStarted: null });
});

test('an abort is no environment error', async () => {
  const host = lacking('genisoimage');
  const controller = new AbortController();
  host.answers.unshift([
    ' install ',
    () => {
      controller.abort(new Error('stop'));
      return { exitCode: null };
    },
  ]);
  expect((await setup(host, { signal: controller.signal })).error.message).toBe('stop');
});

import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type RequestListener, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { engineCandidates, readColimaProfiles, readDockerContext } from './engine-candidates.ts';
import { askEngine, engineError, parseEngineHost, resolveEngine } from './engine-socket.ts';
import { failedAttempt } from './fake-host.ts';

let dir = '';
const servers: Server[] = [];

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'engine-'));
});

afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
  await rm(dir, { recursive: true, force: true });
});

async function serve(path: string, listener: RequestListener): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const server = createServer(listener).listen(path);
  servers.push(server);
  await once(server, 'listening');
}

const docker: RequestListener = ({ url }, response) => {
  const answers: Record<string, unknown> = {
    '/_ping': 'OK',
    '/version': { Version: '28.1', ApiVersion: '1.49', Components: [{ Name: 'Engine' }] },
    '/info': { Driver: 'overlay2', DockerRootDir: '/var/lib/docker' },
  };
  const answer = answers[url ?? ''];
  response.statusCode = answer === undefined ? 404 : 200;
  response.end(typeof answer === 'string' ? answer : JSON.stringify(answer));
};

const hosts = (options: Partial<Parameters<typeof engineCandidates>[0]>) =>
  engineCandidates({ env: {}, platform: 'linux', homeDir: '/h', ...options }).map((candidate) => candidate.host);

test('what the user named is the only candidate', () => {
  expect(hosts({ env: { DOCKER_HOST: 'tcp://x:1' }, dockerContext: { name: 'c', host: 'unix:///c', explicit: true } })).toEqual(['tcp://x:1']);
  expect(hosts({ dockerContext: { name: 'c', host: 'unix:///c', explicit: true } })).toEqual(['unix:///c']);
});

test('the order of the usual places', () => {
  expect(
    hosts({
      env: { XDG_RUNTIME_DIR: '/run/user/1' },
      dockerContext: { name: 'c', host: 'unix:///c', explicit: false },
      colimaProfiles: ['default', 'x'],
    }),
  ).toEqual([
    'unix:///c',
    'unix:///h/.docker/run/docker.sock',
    'unix:///h/.colima/default/docker.sock',
    'unix:///h/.colima/x/docker.sock',
    'unix:///h/.orbstack/run/docker.sock',
    'unix:///var/run/docker.sock',
    'unix:///run/user/1/docker.sock',
    'unix:///run/podman/podman.sock',
    'unix:///run/user/1/podman/podman.sock',
  ]);
  const onMac = hosts({ platform: 'darwin', colimaProfiles: [] });
  expect(onMac.findIndex((host) => host.includes('podman'))).toBeLessThan(onMac.indexOf('unix:///var/run/docker.sock'));
});

test("a context is read from the CLI's files", async () => {
  const meta = join(dir, '.docker/contexts/meta', createHash('sha256').update('mine').digest('hex'), 'meta.json');
  await mkdir(dirname(meta), { recursive: true });
  await writeFile(join(dir, '.docker/config.json'), '{"currentContext":"mine"}');
  await writeFile(meta, '{"Name":"mine","Endpoints":{"docker":{"Host":"unix:///x.sock"}}}');
  expect(await readDockerContext({}, dir)).toEqual({ name: 'mine', host: 'unix:///x.sock', explicit: false });
  expect(await readDockerContext({ DOCKER_CONTEXT: 'gone' }, dir)).toEqual({ name: 'gone', host: null, explicit: true });
  expect(await readDockerContext({ DOCKER_CONTEXT: 'default' }, dir)).toBeNull();
  await writeFile(join(dir, '.docker/config.json'), '{');
  expect(await readDockerContext({}, dir)).toBeNull();
});

test('Colima profiles, the default one first', async () => {
  for (const name of ['a', 'default', '_lima']) await mkdir(join(dir, '.colima', name), { recursive: true });
  expect(await readColimaProfiles({}, dir)).toEqual(['default', 'a']);
});

test('the first that answers is taken, a dead socket passed over', async () => {
  await serve(join(dir, '.docker/run/docker.sock'), (_, response) => {
    response.statusCode = 500;
    response.end();
  });
  await serve(join(dir, '.orbstack/run/docker.sock'), docker);
  const { engine, tried } = await resolveEngine({ env: {}, platform: 'linux', homeDir: dir });
  expect(engine).toMatchObject({
    origin: 'OrbStack',
    name: 'Docker',
    version: '28.1',
    apiVersion: '1.49',
    storageDriver: 'overlay2',
    isLocal: true,
  });
  expect(tried.map((attempt) => attempt.reason)).toEqual(['it answered /_ping with status 500']);
});

test('DOCKER_HOST that does not answer is never replaced', async () => {
  await serve(join(dir, '.docker/run/docker.sock'), docker);
  const host = `unix://${join(dir, 'none.sock')}`;
  const { engine, tried } = await resolveEngine({ env: { DOCKER_HOST: host }, platform: 'linux', homeDir: dir });
  expect(engine).toBeNull();
  expect(engineError(tried).message).toBe(`the engine of DOCKER_HOST (${host}) does not answer: no such socket`);
});

test('a socket that accepts and says nothing ends at the deadline', async () => {
  const path = join(dir, 'mute.sock');
  await serve(path, () => {});
  const answer = await askEngine({ host: `unix://${path}`, origin: 'x', explicit: false }, {}, 100);
  expect(answer).toMatchObject({ reason: 'no answer within 0.1 s' });
});

test('Podman is told by its components, and /info may fail', async () => {
  const path = join(dir, 'podman.sock');
  await serve(path, ({ url }, response) => {
    if (url === '/info') response.statusCode = 500;
    response.end(url === '/version' ? '{"Version":"5.0","ApiVersion":"1.41","Components":[{"Name":"Podman Engine"}]}' : 'OK');
  });
  const answer = await askEngine({ host: path, origin: 'x', explicit: false }, {});
  expect(answer).toMatchObject({ name: 'Podman', host: `unix://${path}`, storageDriver: null });
});

test('addresses', () => {
  expect(parseEngineHost('unix:///a b', {})).toEqual({ socketPath: '/a b' });
  expect(parseEngineHost('tcp://h', {})).toEqual({ hostname: 'h', port: 2375 });
  expect(parseEngineHost('tcp://[::1]:9', {})).toEqual({ hostname: '::1', port: 9 });
  expect(parseEngineHost('ssh://u@h', {})).toEqual({ unsupported: 'ssh:// is not supported' });
  expect(parseEngineHost('tcp://h:2376', { DOCKER_TLS_VERIFY: '1' })).toEqual({ unsupported: 'TLS to the engine is not supported' });
  expect(parseEngineHost('nonsense', {})).toEqual({ unsupported: "'nonsense' is no engine address" });
});

test('a refused user is told of the docker group', () => {
  const error = engineError([failedAttempt('no such socket'), failedAttempt('permission denied', { hint: 'Add yourself' })]);
  expect(error.message).toBe('no container engine answers (unix:///var/run/docker.sock: permission denied)');
  expect(error.hint).toBe('Add yourself');
});

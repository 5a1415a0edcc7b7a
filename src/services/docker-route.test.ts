import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { routeOf, runsHere, sharesNetwork, type ThisHost } from './docker-route.ts';
import { fakeFolder } from './fake-folder.ts';

const address = (address: string) => ({ address, netmask: '255.255.0.0', family: 'IPv4' as const, mac: '', internal: false, cidr: null });
const host: ThisHost = {
  ...{ platform: 'linux', hostname: 'builder', kernel: '6.18.1' },
  interfaces: { lo: [address('127.0.0.1')], docker0: [address('172.17.0.1')] },
};
const engine = { Name: 'builder', KernelVersion: '6.18.1', SecurityOptions: ['name=seccomp,profile=default'] };

describe('sharesNetwork', () => {
  it('an engine of this host', () => {
    expect(sharesNetwork(engine, host)).toBe(true);
    expect(sharesNetwork({ ...engine, SecurityOptions: null }, host)).toBe(true);
  });

  it.each([
    ['in a VM on this host', { Name: 'docker-desktop', KernelVersion: '6.10.14-linuxkit' }, {}],
    ['in a VM that has this host’s name', { KernelVersion: '6.10.14-linuxkit' }, {}],
    ['on another machine with the same kernel', { Name: 'other' }, {}],
    ['rootless', { SecurityOptions: ['name=seccomp,profile=builtin', 'name=rootless'] }, {}],
    ['that does not tell', { Name: undefined, KernelVersion: undefined }, {}],
    ['on macOS', {}, { platform: 'darwin' as const }],
  ])('not one %s', (_what, engineChange, hostChange) => {
    expect(sharesNetwork({ ...engine, ...engineChange }, { ...host, ...hostChange })).toBe(false);
  });
});

describe('runsHere', () => {
  it.each([
    ['version 2, systemd', '0::/system.slice/docker-c0ffee.scope\n', true],
    ['version 1', '12:pids:/docker/c0ffee\n1:name=systemd:/docker/c0ffee\n', true],
    ['a process of something else with the same number', '0::/user.slice/session-1.scope\n', false],
    ['no such process', null, false],
  ])('control groups, %s', async (_what, text, expected) => {
    const proc = fakeFolder();
    if (text !== null) {
      await mkdir(join(proc, '77'));
      await writeFile(join(proc, '77', 'cgroup'), text);
    }
    expect(await runsHere({ Id: 'c0ffee', State: { Pid: 77 } }, proc)).toBe(expected);
  });
});

describe('routeOf', () => {
  const ports = { '4000/tcp': [{ HostPort: '14000' }], '4001/tcp': [{ HostPort: '14001' }], '9/tcp': null };
  const bridge = { IPAddress: '172.17.0.2', Gateway: '172.17.0.1' };
  const route = (networks: Readonly<Record<string, Partial<typeof bridge>>> | null) => routeOf({ NetworkSettings: { Networks: networks, Ports: ports } }, host);

  it('is the container’s address in a network of this host, and its own ports', () => {
    const expected = {
      host: '172.17.0.2',
      ports: new Map([
        [14_000, 4000],
        [14_001, 4001],
      ]),
    };
    expect(route({ bridge })).toEqual(expected);
    expect(route({ overlay: { IPAddress: '10.0.9.4', Gateway: '10.0.9.1' }, bridge })).toEqual(expected);
  });

  it.each([
    ['no network', null],
    ['a container that has ended', { bridge: { IPAddress: '', Gateway: '' } }],
    ['a network with a gateway elsewhere', { bridge: { IPAddress: '172.30.0.2', Gateway: '172.30.0.1' } }],
    ['the host’s own network', { host: { IPAddress: '', Gateway: '' } }],
  ])('none for %s', (_what, networks) => {
    expect(route(networks)).toBeNull();
  });
});

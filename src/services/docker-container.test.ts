import { describe, expect, it } from 'vitest';
import { createOptions, loadBetween } from './docker-container.ts';
import type { ContainerSpec } from './types.ts';

const spec: ContainerSpec = {
  ...{ name: 'ganesha-server', image: 'sha256:1', labels: {}, env: { A: 'b' }, command: [], volumes: ['/export'], tmpfs: {}, stopSignal: 'SIGTERM' },
  ...{ capDrop: ['ALL'], capAdd: ['CHOWN'], seccomp: null },
  ports: [{ containerPort: 4000, hostPort: 14_000, hostAddress: '127.0.0.1' }],
};

describe('loadBetween', () => {
  const usage = (total_usage: number) => ({ total_usage, percpu_usage: [], usage_in_usermode: 0, usage_in_kernelmode: 0 });
  const before = { cpu_usage: usage(1_000), system_cpu_usage: 10_000 };

  it('is a share of one processor', () => {
    expect(loadBetween(before, { cpu_usage: usage(1_500), system_cpu_usage: 12_000, online_cpus: 2 })).toBe(50);
  });

  it('is none where the container ended while it was measured', () => {
    expect(loadBetween(undefined, before)).toBe(0);
    expect(loadBetween(before, undefined)).toBe(0);
    expect(loadBetween(before, {})).toBe(0);
    expect(loadBetween(before, { system_cpu_usage: 12_000 })).toBe(0);
  });
});

describe('createOptions', () => {
  it('gives no capability but those that were named, and no way to more', () => {
    expect(createOptions(spec).HostConfig).toMatchObject({ CapDrop: ['ALL'], CapAdd: ['CHOWN'], SecurityOpt: ['no-new-privileges'] });
    expect(createOptions({ ...spec, seccomp: '{}' }).HostConfig?.SecurityOpt).toEqual(['no-new-privileges', 'seccomp={}']);
    expect(createOptions({ ...spec, newPrivileges: true }).HostConfig?.SecurityOpt).toEqual([]);
    expect(createOptions(spec).HostConfig?.Privileged).toBeUndefined();
    expect(createOptions(spec).HostConfig?.Binds).toBeUndefined();
  });

  it('publishes on loopback alone', () => {
    expect(createOptions(spec).HostConfig?.PortBindings).toEqual({ '4000/tcp': [{ HostIp: '127.0.0.1', HostPort: '14000' }] });
  });
});

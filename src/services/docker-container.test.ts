import { describe, expect, it } from 'vitest';
import { createOptions } from './docker-container.ts';
import type { ContainerSpec } from './types.ts';

const spec: ContainerSpec = {
  ...{ name: 'ganesha-server', image: 'sha256:1', labels: {}, env: { A: 'b' }, command: [], volumes: ['/export'], tmpfs: {}, stopSignal: 'SIGTERM' },
  ...{ capDrop: ['ALL'], capAdd: ['CHOWN'], seccomp: null },
  ports: [{ containerPort: 4000, hostPort: 14_000, hostAddress: '127.0.0.1' }],
};

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

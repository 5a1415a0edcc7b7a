import { describe, expect, it } from 'vitest';
import { type CommandLineSpec, qemuCommandLine } from './command-line.ts';

const spec: CommandLineSpec = {
  ...{ runId: 'RUN', platform: 'linux', arch: 'x64', accelerator: 'tcg', memoryMiB: 512, cpus: 2, firmware: '/fw', sshPort: 2222 },
  ...{ overlay: '/vm/vm-test.qcow2', cidata: '/vm/cidata.iso', consoleLog: '/vm/vm.log', qmpSocket: '/vm/qmp.sock' },
  ...{
    agentSocket: '/vm/agent.sock',
    suiteSocket: '/vm/suite.sock',
    memoryFile: { path: '/vm/memory.img', sharing: 'private' },
    restoreFrom: '/vm/devices.state',
  },
  kernel: null,
};

describe('what QEMU listens on', () => {
  it.each([
    ['x64', 'linux', 'kvm'],
    ['x64', 'darwin', 'hvf'],
    ['arm64', 'darwin', 'hvf'],
    ['arm64', 'linux', 'tcg'],
  ] as const)('%s on %s with %s: loopback and files alone', (arch, platform, accelerator) => {
    const { args } = qemuCommandLine({ ...spec, arch, platform, accelerator });
    const words = args.join('\n');
    expect(words.match(/hostfwd=[^,\n]*/g)).toEqual(['hostfwd=tcp:127.0.0.1:2222-:22']);
    expect(words.match(/(tcp|udp|telnet|vnc|spice|gdb|websocket)[:=][^\n]*/g)).toEqual(['tcp:127.0.0.1:2222-:22']);
    expect(args[args.indexOf('-qmp') + 1]).toMatch(/^unix:\//);
    expect(args.filter((word) => word.startsWith('socket,'))).toEqual(
      ['agent', 'suite'].map((name) => `socket,id=${name}0,path=/vm/${name}.sock,server=on,wait=off`),
    );
    expect(args).toContain('-nodefaults');
    expect(args[args.indexOf('-display') + 1]).toBe('none');
  });

  it('a comma in a path adds no option', () => {
    const { args } = qemuCommandLine({ ...spec, overlay: '/a,if=none,x.qcow2', qmpSocket: '/b,server=off' });
    expect(args).toContain('if=virtio,format=qcow2,cache=unsafe,file=/a,,if=none,,x.qcow2');
    expect(args).toContain('unix:/b,,server=off,server=on,wait=off');
  });
});

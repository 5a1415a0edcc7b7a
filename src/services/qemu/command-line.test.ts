import { describe, expect, it } from 'vitest';
import { type CommandLineSpec, formatCommandLine, qemuCommandLine } from './command-line.ts';

const spec: CommandLineSpec = {
  ...{ runId: 'RUN', platform: 'linux', arch: 'x64', accelerator: 'tcg', memoryMiB: 512, cpus: 2, firmware: null, sshPort: 2222 },
  ...{ overlay: '/vm/vm-test.qcow2', cidata: '/vm/cidata.iso', consoleLog: '/vm/vm.log', qmpSocket: '/vm/qmp.sock' },
  ...{ agentSocket: '/vm/agent.sock', suiteSocket: '/vm/suite.sock', memoryFile: null, restoreFrom: null },
  kernel: { image: '/vm/vmlinuz', initrd: '/vm/initrd.img', append: 'root=/dev/vda rw console=ttyS0' },
};

/** One option and its values per line. */
const lines = (change: Partial<CommandLineSpec>) => {
  const { binary, args } = qemuCommandLine({ ...spec, ...change });
  return `${binary}\n${args.join(' ').replaceAll(/ (?=-[a-z])/g, '\n')}`;
};

describe('qemuCommandLine', () => {
  it('Linux, x86-64, TCG', () => {
    expect(lines({})).toMatchInlineSnapshot(`
      "qemu-system-x86_64
      -name nfstest-tui-RUN
      -machine q35
      -accel tcg,thread=multi
      -cpu max
      -smp 2
      -m 512M
      -nodefaults
      -display none
      -no-reboot
      -rtc base=utc
      -kernel /vm/vmlinuz
      -initrd /vm/initrd.img
      -append root=/dev/vda rw console=ttyS0
      -drive if=virtio,format=qcow2,cache=unsafe,file=/vm/vm-test.qcow2
      -drive if=virtio,format=raw,readonly=on,file=/vm/cidata.iso
      -netdev user,id=net0,hostfwd=tcp:127.0.0.1:2222-:22
      -device virtio-net-pci,netdev=net0,romfile=
      -object rng-random,id=rng0,filename=/dev/urandom
      -device virtio-rng-pci,rng=rng0
      -chardev file,id=console0,path=/vm/vm.log,append=on
      -serial chardev:console0
      -chardev socket,id=agent0,path=/vm/agent.sock,server=on,wait=off
      -device virtio-serial-pci
      -device virtserialport,chardev=agent0,name=nfstest.agent
      -chardev socket,id=suite0,path=/vm/suite.sock,server=on,wait=off
      -device virtserialport,chardev=suite0,name=nfstest.suite
      -qmp unix:/vm/qmp.sock,server=on,wait=off"
    `);
  });

  it('Linux, x86-64, KVM', () => {
    expect(lines({ accelerator: 'kvm' })).toMatchInlineSnapshot(`
      "qemu-system-x86_64
      -name nfstest-tui-RUN
      -machine q35
      -accel kvm
      -cpu host
      -smp 2
      -m 512M
      -nodefaults
      -display none
      -no-reboot
      -rtc base=utc
      -kernel /vm/vmlinuz
      -initrd /vm/initrd.img
      -append root=/dev/vda rw console=ttyS0
      -drive if=virtio,format=qcow2,cache=unsafe,file=/vm/vm-test.qcow2
      -drive if=virtio,format=raw,readonly=on,file=/vm/cidata.iso
      -netdev user,id=net0,hostfwd=tcp:127.0.0.1:2222-:22
      -device virtio-net-pci,netdev=net0,romfile=
      -object rng-random,id=rng0,filename=/dev/urandom
      -device virtio-rng-pci,rng=rng0
      -chardev file,id=console0,path=/vm/vm.log,append=on
      -serial chardev:console0
      -chardev socket,id=agent0,path=/vm/agent.sock,server=on,wait=off
      -device virtio-serial-pci
      -device virtserialport,chardev=agent0,name=nfstest.agent
      -chardev socket,id=suite0,path=/vm/suite.sock,server=on,wait=off
      -device virtserialport,chardev=suite0,name=nfstest.suite
      -qmp unix:/vm/qmp.sock,server=on,wait=off"
    `);
  });

  it('Linux, x86-64, an image that boots itself', () => {
    expect(lines({ kernel: null })).toMatchInlineSnapshot(`
      "qemu-system-x86_64
      -name nfstest-tui-RUN
      -machine q35
      -accel tcg,thread=multi
      -cpu max
      -smp 2
      -m 512M
      -nodefaults
      -display none
      -no-reboot
      -rtc base=utc
      -drive if=virtio,format=qcow2,cache=unsafe,file=/vm/vm-test.qcow2
      -drive if=virtio,format=raw,readonly=on,file=/vm/cidata.iso
      -netdev user,id=net0,hostfwd=tcp:127.0.0.1:2222-:22
      -device virtio-net-pci,netdev=net0,romfile=
      -object rng-random,id=rng0,filename=/dev/urandom
      -device virtio-rng-pci,rng=rng0
      -chardev file,id=console0,path=/vm/vm.log,append=on
      -serial chardev:console0
      -chardev socket,id=agent0,path=/vm/agent.sock,server=on,wait=off
      -device virtio-serial-pci
      -device virtserialport,chardev=agent0,name=nfstest.agent
      -chardev socket,id=suite0,path=/vm/suite.sock,server=on,wait=off
      -device virtserialport,chardev=suite0,name=nfstest.suite
      -qmp unix:/vm/qmp.sock,server=on,wait=off"
    `);
  });

  it('Linux, arm64, TCG', () => {
    expect(lines({ arch: 'arm64', firmware: '/usr/share/AAVMF/AAVMF_CODE.fd', kernel: null })).toMatchInlineSnapshot(`
      "qemu-system-aarch64
      -name nfstest-tui-RUN
      -machine virt,gic-version=3
      -drive if=pflash,format=raw,unit=0,readonly=on,file=/usr/share/AAVMF/AAVMF_CODE.fd
      -accel tcg,thread=multi
      -cpu max
      -smp 2
      -m 512M
      -nodefaults
      -display none
      -no-reboot
      -rtc base=utc
      -drive if=virtio,format=qcow2,cache=unsafe,file=/vm/vm-test.qcow2
      -drive if=virtio,format=raw,readonly=on,file=/vm/cidata.iso
      -netdev user,id=net0,hostfwd=tcp:127.0.0.1:2222-:22
      -device virtio-net-pci,netdev=net0,romfile=
      -object rng-random,id=rng0,filename=/dev/urandom
      -device virtio-rng-pci,rng=rng0
      -chardev file,id=console0,path=/vm/vm.log,append=on
      -serial chardev:console0
      -chardev socket,id=agent0,path=/vm/agent.sock,server=on,wait=off
      -device virtio-serial-pci
      -device virtserialport,chardev=agent0,name=nfstest.agent
      -chardev socket,id=suite0,path=/vm/suite.sock,server=on,wait=off
      -device virtserialport,chardev=suite0,name=nfstest.suite
      -qmp unix:/vm/qmp.sock,server=on,wait=off"
    `);
  });

  it('macOS, Apple Silicon, HVF', () => {
    expect(
      lines({ platform: 'darwin', arch: 'arm64', accelerator: 'hvf', firmware: '/opt/homebrew/share/qemu/edk2-aarch64-code.fd', kernel: null }),
    ).toMatchInlineSnapshot(`
      "qemu-system-aarch64
      -name nfstest-tui-RUN
      -machine virt,gic-version=3
      -drive if=pflash,format=raw,unit=0,readonly=on,file=/opt/homebrew/share/qemu/edk2-aarch64-code.fd
      -accel hvf
      -cpu host
      -smp 2
      -m 512M
      -nodefaults
      -display none
      -no-reboot
      -rtc base=utc
      -drive if=virtio,format=qcow2,cache=unsafe,file=/vm/vm-test.qcow2
      -drive if=virtio,format=raw,readonly=on,file=/vm/cidata.iso
      -netdev user,id=net0,hostfwd=tcp:127.0.0.1:2222-:22
      -device virtio-net-pci,netdev=net0,romfile=
      -object rng-random,id=rng0,filename=/dev/urandom
      -device virtio-rng-pci,rng=rng0
      -chardev file,id=console0,path=/vm/vm.log,append=on
      -serial chardev:console0
      -chardev socket,id=agent0,path=/vm/agent.sock,server=on,wait=off
      -device virtio-serial-pci
      -device virtserialport,chardev=agent0,name=nfstest.agent
      -chardev socket,id=suite0,path=/vm/suite.sock,server=on,wait=off
      -device virtserialport,chardev=suite0,name=nfstest.suite
      -qmp unix:/vm/qmp.sock,server=on,wait=off"
    `);
  });

  it('macOS, Intel, HVF', () => {
    expect(lines({ platform: 'darwin', arch: 'x64', accelerator: 'hvf' })).toMatchInlineSnapshot(`
      "qemu-system-x86_64
      -name nfstest-tui-RUN
      -machine q35
      -accel hvf
      -cpu host,-pdpe1gb
      -smp 2
      -m 512M
      -nodefaults
      -display none
      -no-reboot
      -rtc base=utc
      -kernel /vm/vmlinuz
      -initrd /vm/initrd.img
      -append root=/dev/vda rw console=ttyS0
      -drive if=virtio,format=qcow2,cache=unsafe,file=/vm/vm-test.qcow2
      -drive if=virtio,format=raw,readonly=on,file=/vm/cidata.iso
      -netdev user,id=net0,hostfwd=tcp:127.0.0.1:2222-:22
      -device virtio-net-pci,netdev=net0,romfile=
      -object rng-random,id=rng0,filename=/dev/urandom
      -device virtio-rng-pci,rng=rng0
      -chardev file,id=console0,path=/vm/vm.log,append=on
      -serial chardev:console0
      -chardev socket,id=agent0,path=/vm/agent.sock,server=on,wait=off
      -device virtio-serial-pci
      -device virtserialport,chardev=agent0,name=nfstest.agent
      -chardev socket,id=suite0,path=/vm/suite.sock,server=on,wait=off
      -device virtserialport,chardev=suite0,name=nfstest.suite
      -qmp unix:/vm/qmp.sock,server=on,wait=off"
    `);
  });

  it('keeps the memory in a file, to be saved', () => {
    const text = lines({ memoryFile: { path: '/vm/saved/memory.img', sharing: 'shared' } });
    expect(text).toContain('-machine q35,memory-backend=ram0\n-object memory-backend-file,id=ram0,size=512M,mem-path=/vm/saved/memory.img,share=on\n');
    expect(text).not.toContain('-incoming');
  });

  it('goes on from a saved state, and leaves its memory file as it is', () => {
    const text = lines({ memoryFile: { path: '/vm/saved/memory.img', sharing: 'private' }, restoreFrom: '/vm/saved/devices.state' });
    expect(text).toContain('mem-path=/vm/saved/memory.img,share=off');
    expect(text).toContain('\n-incoming defer\n');
  });

  it('doubles commas in paths, where QEMU would see the next option', () => {
    const { args } = qemuCommandLine({ ...spec, overlay: '/a,b/vm.qcow2', qmpSocket: '/a,b/qmp.sock' });
    expect(args).toContain('if=virtio,format=qcow2,cache=unsafe,file=/a,,b/vm.qcow2');
    expect(args).toContain('unix:/a,,b/qmp.sock,server=on,wait=off');
  });

  it('can be typed as it is printed', () => {
    expect(formatCommandLine({ binary: 'qemu', args: ['-append', 'root=/dev/vda rw', '-m', '512M'] })).toBe("qemu -append 'root=/dev/vda rw' -m 512M");
  });
});

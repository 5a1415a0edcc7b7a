import { shellQuote } from '../../model/shell-quote.ts';
import type { VmSpec } from '../types.ts';

/** The part of a spec that decides about the command line. */
export type CommandLineSpec = Omit<VmSpec, 'accelerators' | 'qemuLog' | 'hostKey'> & { readonly accelerator: string };

export interface CommandLine {
  readonly binary: string;
  readonly args: readonly string[];
}

const binaryOf = (arch: string) => (arch === 'arm64' ? 'qemu-system-aarch64' : 'qemu-system-x86_64');

/** A comma inside an option's value is doubled. Source: QEMU's manual, "-drive". */
const value = (path: string) => path.replaceAll(',', ',,');

function cpuModel({ platform, arch, accelerator }: CommandLineSpec): string {
  if (accelerator === 'tcg') return 'max';
  // HVF on Intel offers 1 GiB pages that the guest can't use.
  return platform === 'darwin' && arch === 'x64' ? 'host,-pdpe1gb' : 'host';
}

function machine({ arch, firmware, memoryFile, memoryMiB }: CommandLineSpec): string[] {
  const backend = memoryFile === null ? '' : ',memory-backend=ram0';
  const share = memoryFile?.sharing === 'shared' ? 'on' : 'off';
  const memory = memoryFile === null ? [] : ['-object', `memory-backend-file,id=ram0,size=${memoryMiB}M,mem-path=${value(memoryFile.path)},share=${share}`];
  if (arch !== 'arm64') return ['-machine', `q35${backend}`, ...memory];
  const uefi = firmware === null ? [] : ['-drive', `if=pflash,format=raw,unit=0,readonly=on,file=${value(firmware)}`];
  return ['-machine', `virt,gic-version=3${backend}`, ...memory, ...uefi];
}

/** The QEMU command of a client VM: headless, console into a file, user network to 127.0.0.1, one throw-away disk. */
export function qemuCommandLine(spec: CommandLineSpec): CommandLine {
  const accelerator = spec.accelerator === 'tcg' ? 'tcg,thread=multi' : spec.accelerator;
  const kernel = spec.kernel ? ['-kernel', spec.kernel.image, '-initrd', spec.kernel.initrd, '-append', spec.kernel.append] : [];
  return {
    binary: binaryOf(spec.arch),
    args: [
      ...['-name', `nfstest-tui-${spec.runId}`],
      ...machine(spec),
      ...['-accel', accelerator, '-cpu', cpuModel(spec), '-smp', String(spec.cpus), '-m', `${spec.memoryMiB}M`],
      ...['-nodefaults', '-display', 'none', '-no-reboot', '-rtc', 'base=utc'],
      ...kernel,
      // The disk is thrown away after the run: what the guest flushes need not reach the host's disk.
      ...['-drive', `if=virtio,format=qcow2,cache=unsafe,file=${value(spec.overlay)}`],
      ...['-drive', `if=virtio,format=raw,readonly=on,file=${value(spec.cidata)}`],
      // Without the address the port would be open to the whole network.
      ...['-netdev', `user,id=net0,hostfwd=tcp:127.0.0.1:${spec.sshPort}-:22`, '-device', 'virtio-net-pci,netdev=net0,romfile='],
      ...['-object', 'rng-random,id=rng0,filename=/dev/urandom', '-device', 'virtio-rng-pci,rng=rng0'],
      // Appended, so that QEMU goes on at the beginning where the file is emptied (console-file.ts).
      ...['-chardev', `file,id=console0,path=${value(spec.consoleLog)},append=on`, '-serial', 'chardev:console0'],
      ...['-chardev', `socket,id=agent0,path=${value(spec.agentSocket)},server=on,wait=off`],
      ...['-device', 'virtio-serial-pci', '-device', 'virtserialport,chardev=agent0,name=nfstest.agent'],
      ...['-chardev', `socket,id=suite0,path=${value(spec.suiteSocket)},server=on,wait=off`],
      ...['-device', 'virtserialport,chardev=suite0,name=nfstest.suite'],
      // Without `defer` QEMU would go on before the capabilities of the migration are set.
      ...(spec.restoreFrom === null ? [] : ['-incoming', 'defer']),
      ...['-qmp', `unix:${value(spec.qmpSocket)},server=on,wait=off`],
    ],
  };
}

/** The command as a person would type it. */
export const formatCommandLine = ({ binary, args }: CommandLine): string => [binary, ...args].map(shellQuote).join(' ');

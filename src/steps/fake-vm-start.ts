import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fakeOptions } from '../config/fake-options.ts';
import type { Options, Values } from '../config/options.ts';
import { fakeFolder } from '../services/fake-folder.ts';
import { FakeVmImageService } from '../services/fake-images.ts';
import { FakePortService, FakeProcessTable } from '../services/fake-network.ts';
import { FakeRemoteService, fakeHostKey } from '../services/fake-remote.ts';
import { never } from '../services/fake-signals.ts';
import { FakeVmService } from '../services/fake-vm.ts';
import type { VmHandle } from '../services/types.ts';
import { FakeContext } from './fake-context.ts';
import { SavedVms } from './saved-vms.ts';
import { suiteProgram } from './suite-source.ts';
import { type StartedVm, type StartVmInput, startVm, type VmServices } from './vm.ts';

/** Everything that `startVm` needs, in memory and one folder. */
export class FakeVmStart {
  readonly dir = fakeFolder();
  readonly vms = new FakeVmService();
  readonly images = new FakeVmImageService();
  readonly ports = new FakePortService();
  readonly remote = new FakeRemoteService();
  readonly image = {
    disk: join(this.dir, 'vm.qcow2'),
    kernel: { image: join(this.dir, 'vmlinuz'), initrd: join(this.dir, 'initrd'), append: 'root=/dev/vda' },
  };
  readonly cidata = join(this.dir, 'cidata.iso');
  readonly suiteDir = join(this.dir, 'suite');
  context = new FakeContext();
  readonly processes = new FakeProcessTable();
  accelerators = ['tcg'];
  qemuVersion = '7.2';
  platform: NodeJS.Platform = 'linux';
  /** Accelerators that a guest has shown life with. */
  readonly booted: string[] = [];
  /** `booting`, `gone` and `started`, as the caller was told. */
  readonly told: string[] = [];

  constructor() {
    for (const path of [this.image.disk, this.image.kernel.image, this.image.kernel.initrd, this.cidata, join(this.suiteDir, suiteProgram)]) {
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, `this is ${path}`);
    }
  }

  options(flags: Values = {}): Options {
    return fakeOptions(this.dir, flags);
  }

  get services(): VmServices {
    const { vms, images, ports, remote } = this;
    return {
      ...{
        vms,
        images,
        ports,
        remote,
        processes: this.processes,
        accelerators: async () => this.accelerators,
        firmware: async () => '/code.fd',
        qemuVersion: async () => this.qemuVersion,
      },
      onBooted: async (accelerator) => {
        this.booted.push(accelerator);
      },
    };
  }

  saved(flags: Values = {}): SavedVms {
    return new SavedVms(this.options(flags), this.services);
  }

  input(flags: Values = {}): StartVmInput {
    return {
      ...{
        runId: 'run',
        options: this.options(flags),
        platform: this.platform,
        arch: 'x64',
        cidata: this.cidata,
        hostKey: fakeHostKey,
        tail: this.context.tail('vm'),
        onConsole: this.context.logs.buffers.vm.subscribe,
      },
      image: { ...this.image, title: 'Debian 12 client', needsProvisioning: false },
      ...{ hostname: 'nfstest-1', privateKey: 'key', saved: this.saved(flags) },
      suite: { identity: { kind: 'nfstest', version: null, source: this.suiteDir }, dir: this.suiteDir },
      onStarted: async (vm) => {
        this.told.push('started');
        this.follow(vm);
      },
      onBooting: async (vm) => {
        this.told.push(vm === null ? 'gone' : 'booting');
        if (vm) this.follow(vm);
      },
    };
  }

  /** Starts a VM as a process of its own would, and says what came of it. */
  async start(flags: Values = {}, change: Partial<StartVmInput> = {}): Promise<StartedVm> {
    this.context = new FakeContext();
    return startVm({ ...this.input(flags), ...change }, this.services, this.context);
  }

  /** As `start`; the VM is stopped at once. Gives the phases and notes. */
  async phases(flags: Values = {}): Promise<{ phases: string[]; notes: string[] }> {
    const { vm } = await this.start(flags);
    await vm.stop({ graceMs: 0 });
    return { phases: this.context.phases.map((phase) => phase.replace(/: .*/, '')), notes: this.context.notes };
  }

  follow(vm: VmHandle): void {
    const { context } = this;
    void (async () => {
      for await (const chunk of vm.console(never)) context.log('vm', chunk);
    })();
  }
}

import type { StepControls } from '../machine/actors.ts';
import { EnvironmentError } from '../model/errors.ts';
import type { EngineService, VmHandle, VmService } from '../services/types.ts';
import type { EnvironmentRecord } from './environment.ts';
import type { RunningServer } from './server.ts';

const startHint = 'start it with `nfstest-tui start-env` (make start-test-env)';

/** Server and VM of a written-down environment; throws where one of them is gone. */
export async function attachEnvironment(
  record: EnvironmentRecord | null,
  { engine, vms }: { readonly engine: EngineService; readonly vms: VmService },
): Promise<{ server: RunningServer; vm: VmHandle }> {
  if (record === null) throw new EnvironmentError('no test environment is running', startHint);
  if (record.server === null) throw new EnvironmentError('the environment has no server', 'start it with `nfstest-tui start-server`');
  if (record.vm === null) throw new EnvironmentError('the environment has no client VM', 'start it with `nfstest-tui start-client`');
  const container = await engine.attachContainer(record.server.containerId);
  if (container === null || (await container.state()).status !== 'running') {
    throw new EnvironmentError(`the server's container ${record.server.containerName} is no longer running`, 'run `nfstest-tui stop-env`, then start-env');
  }
  const vm = await vms.attach(record.vm);
  if (vm === null) throw new EnvironmentError('the client VM is no longer running', 'run `nfstest-tui stop-env`, then start-env');
  return { server: { record: record.server, container }, vm };
}

/** What an environment that was started would have told. */
export function reportAttached({ record }: RunningServer, vm: VmHandle, { report }: Pick<StepControls, 'report'>): void {
  const { containerId, containerName, nfsPort, mountPort, identity, imageId } = record;
  report({ type: 'server.started', containerId, containerName, nfsPort, mountPort, image: identity.image, ...(imageId === undefined ? {} : { imageId }) });
  report({ type: 'vm.started', pid: vm.record.pid, accelerator: vm.record.accelerator, sshPort: vm.record.sshPort });
}

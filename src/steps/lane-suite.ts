import { vmFiles } from '../config/vm-files.ts';
import { EnvironmentError } from '../model/errors.ts';
import { ExitCode } from '../model/exit-codes.ts';
import type { ProbeService, RemoteSession, VmHandle, WireDecoder } from '../services/types.ts';
import { runSuite } from './client.ts';
import type { StepContext } from './context.ts';
import type { RunScope } from './run-scope.ts';
import type { RunningServer } from './server.ts';
import { endpointFor, publishedEndpoint } from './server-endpoint.ts';
import type { Suite } from './suite-source.ts';
import { withTraffic } from './traffic.ts';

export interface LaneParts {
  readonly session: RemoteSession;
  readonly vm: VmHandle;
  readonly server: RunningServer;
  readonly probe: ProbeService;
  readonly suite: Suite;
  readonly decoder: WireDecoder;
}

/** Runs testcases in a lane's client, with its traffic captured where that is wanted. */
export async function runLaneSuite(
  { session, vm, server, probe, suite, decoder }: LaneParts,
  scope: RunScope,
  context: StepContext,
  testcases: readonly string[],
): Promise<void> {
  const { options, onLocalDisk = () => false, folder, logs } = scope;
  const local = onLocalDisk();
  const emulated = vm.record.accelerator === 'tcg';
  const endpoint = local ? publishedEndpoint(server) : await endpointFor(server, options.nfsVersion, probe, context.signal);
  const run = (inner: StepContext) => runSuite({ session, vm, suite, server: endpoint, options, testcases, local, emulated }, inner);
  // On the client's own disk nothing goes over the wire.
  if (local) return run(context);
  const { nfsPort, mountPort } = endpoint;
  return withTraffic({ vm, decoder, keep: options.pcap, prefix: vmFiles(options).capture, folder: folder(), nfsPort, mountPort, logs }, context, run);
}

/** Whether an error says that the client is lost. */
export const isClientLost = (error: unknown): boolean => error instanceof EnvironmentError && error.exitCode === ExitCode.clientLost;

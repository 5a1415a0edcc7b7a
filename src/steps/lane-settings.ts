import type { WireDecoder } from '../services/types.ts';
import type { EnvironmentFile, EnvironmentRecord } from './environment.ts';
import type { SavedVms } from './saved-vms.ts';
import type { ServerServices } from './server.ts';
import type { VmServices } from './vm.ts';

export interface LaneServices extends ServerServices, VmServices {
  readonly decoder: WireDecoder;
}

export interface LaneSettings {
  readonly environment: EnvironmentFile;
  /** An environment of another process that this run only uses. */
  readonly attached: EnvironmentRecord | null;
  /** Leave server and VM running after a run that they survived; asked at its end. */
  readonly keep: () => boolean;
  /** Shared with the other lanes. */
  readonly saved: SavedVms;
}

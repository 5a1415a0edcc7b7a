import { availableParallelism, freemem } from 'node:os';
import type { Options } from '../config/options.ts';
import { UserError } from '../model/errors.ts';
import { mostLanes } from '../model/lane-state.ts';

/** What QEMU and a server need beside the guest's memory. */
const overheadMiB = 400;

/** How far apart the lanes' ports are: a server has two, and one that is taken is replaced by the next. */
const portStep = 10;

/** The options of the lane that a command is asked about, which has a number from 1. Throws UserError where it has none. */
export function optionsOfAskedLane(options: Options, setting: (key: string) => string): Options {
  const text = setting('LANE') || '1';
  if (!/^\d+$/.test(text) || Number(text) < 1 || Number(text) > mostLanes) throw new UserError(`LANE is '${text}'`, `give a number from 1 to ${mostLanes}`);
  return { ...options, lane: Number(text) - 1 };
}

/** What is said of a lane in an error; nothing of the first, which most environments have alone. */
export const inLane = ({ lane }: Pick<Options, 'lane'>): string => (lane === 0 ? '' : ` in lane ${lane + 1}`);

/** How many lanes a run gets. `auto`: one per processor, as far as the free memory goes and there are testcases. */
export function laneCount(
  { lanes, memoryMiB }: Options,
  run: { readonly attached: boolean; readonly testcases: readonly string[] },
  machine = { cpus: availableParallelism(), freeMiB: freemem() / 1024 ** 2 },
): number {
  // What runs already is one pair.
  if (run.attached) return 1;
  const fits = lanes === 'auto' ? Math.min(machine.cpus, Math.floor(machine.freeMiB / (memoryMiB + overheadMiB))) : lanes;
  const useful = run.testcases.length === 0 ? fits : Math.min(fits, run.testcases.length);
  return Math.max(1, useful);
}

/** A lane's own options: files, ports, and its share of the processors. Over-committed ones would wait for each other. */
export function optionsOfLane(options: Options, lane: number, lanes: number, cpus = availableParallelism()): Options {
  if (lanes === 1) return options;
  const own = options.given.VM_CPUS === undefined ? Math.max(1, Math.min(options.cpus, Math.floor(cpus / lanes))) : options.cpus;
  if (lane === 0) return { ...options, cpus: own };
  const port = ({ value }: Options['nfsPort']) => ({ value: value + portStep * lane, explicit: false });
  return { ...options, lane, cpus: own, nfsPort: port(options.nfsPort), sshPort: port(options.sshPort) };
}

import { engineFaults } from './engine-faults.ts';
import { fileFaults } from './file-faults.ts';
import { programFaults } from './program-faults.ts';
import { serverFaults } from './server-faults.ts';
import { signalFaults } from './signal-faults.ts';
import { sshFaults } from './ssh-faults.ts';
import { suiteFaults } from './suite-faults.ts';
import type { Fault } from './types.ts';
import { vmFaults } from './vm-faults.ts';

/** Every fault, in the order in which they are inflicted. */
export const faults: readonly Fault[] = [
  ...vmFaults,
  ...serverFaults,
  ...engineFaults,
  ...suiteFaults,
  ...fileFaults,
  ...sshFaults,
  ...programFaults,
  ...signalFaults,
];

/** The faults of these names, separated by commas; all where it is empty. Throws for a name that there is none of. */
export function selectFaults(names: string): readonly Fault[] {
  const wanted = names.split(/[\s,]+/).filter((name) => name !== '');
  const unknown = wanted.filter((name) => !faults.some((fault) => fault.name === name));
  if (unknown.length > 0) throw new Error(`no fault is called ${unknown.join(', ')}; --list prints them`);
  return wanted.length === 0 ? faults : faults.filter(({ name }) => wanted.includes(name));
}

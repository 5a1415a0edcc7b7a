import type { RunState } from '../model/run-state.ts';
import { describeServer } from './describe.ts';

/** One thing that is known of a run: name for machines, name for people, value. */
export interface Fact {
  readonly key: string;
  readonly title: string;
  readonly value: string;
}

/** Under what circumstances a run took place; what is not known is left out. */
export function factsOf(state: RunState): readonly Fact[] {
  const facts: readonly (readonly [string, string, string | null | undefined])[] = [
    ['run', 'run', state.runId],
    ['server', 'server', state.server === null ? null : describeServer(state.server)],
    ['server.image', 'image', state.server?.image],
    ['server.image.digest', 'image digest', state.imageId],
    ['client.kernel', 'client kernel', state.clientKernel],
    ['client.accelerator', 'accelerator', state.accelerator],
    ['nfs.version', 'NFS version', state.nfsVersion],
    ['nfs.mount.options', 'mount options', state.mountOptions],
    ['suite', 'suite', state.suite === null ? null : state.suite.kind === 'nfstest' ? 'NFStest' : 'bundled suite (not upstream NFStest)'],
    ['suite.version', 'suite version', state.suite?.version],
    ['program', 'nfstest-tui', state.program],
  ];
  return facts.flatMap(([key, title, value]) => (value === null || value === undefined ? [] : [{ key, title, value }]));
}

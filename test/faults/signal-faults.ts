import type { FaultLab } from './lab.ts';
import { slowBuild } from './recipes.ts';
import type { Fault } from './types.ts';

type Program = ReturnType<FaultLab['run']>;

/** Brings a run into a phase. */
export interface PhaseOfRun {
  readonly name: string;
  readonly title: string;
  readonly reach: (lab: FaultLab) => Promise<Program>;
}

export const building: PhaseOfRun = {
  name: 'build',
  title: 'while an image is built',
  reach: async (lab) => {
    const program = lab.run(await slowBuild(lab));
    await lab.until(program, 'phase.started', { phase: 'server-image' });
    // The engine has begun when it prints.
    await lab.until(program, 'progress.reported', { phase: 'server-image' }).catch(() => {});
    return program;
  },
};

export const booting: PhaseOfRun = {
  name: 'boot',
  title: 'while the client VM boots',
  reach: async (lab) => {
    const program = lab.run(['--cold']);
    await lab.until(program, 'vm.started');
    return program;
  },
};

export const testing: PhaseOfRun = {
  name: 'suite',
  title: 'while testcases run',
  reach: async (lab) => {
    const program = lab.run(['--testcase=all']);
    await lab.untilTesting(program);
    return program;
  },
};

export const stopping: PhaseOfRun = {
  name: 'stop',
  title: 'while everything is stopped',
  reach: async (lab) => {
    const program = lab.run();
    await lab.until(program, 'phase.started', { phase: 'stop' });
    return program;
  },
};

const signals = [
  { name: 'SIGINT', exitCode: 130 },
  { name: 'SIGTERM', exitCode: 143 },
  { name: 'SIGHUP', exitCode: 129 },
] as const;

/** Each signal in each phase; one that comes when the verdict is there may leave it as it is. */
export const signalFaults: readonly Fault[] = [building, booting, testing, stopping].flatMap((phase) =>
  signals.map(
    ({ name, exitCode }): Fault => ({
      name: `${name.toLowerCase()}-in-${phase.name}`,
      about: `${name} ${phase.title}: everything is stopped, and the exit code says so`,
      speed: name === 'SIGINT' && phase === testing ? 'quick' : 'slow',
      expected: {
        exitCode: phase === stopping ? [0, exitCode] : exitCode,
        says: phase === stopping ? [] : [new RegExp(`interrupted by ${name}`)],
        withinS: 15,
      },
      inflict: async (lab) => {
        const program = await phase.reach(lab);
        lab.strike();
        program.child.kill(name);
        return program.finished;
      },
    }),
  ),
);

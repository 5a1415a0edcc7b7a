import { EngineProxy } from './engine-proxy.ts';
import type { Fault } from './types.ts';

/** What can happen to the container engine. The machine's own goes on: the program talks to it through a socket that is cut. */
export const engineFaults: readonly Fault[] = [
  {
    name: 'engine-absent',
    about: 'DOCKER_HOST names a socket that is not there: no environment',
    speed: 'quick',
    expected: { exitCode: 3, says: [/no such socket/], withinS: 10 },
    inflict: async (lab) => {
      const program = lab.run([], { DOCKER_HOST: 'unix:///nonexistent/engine.sock' });
      lab.strike();
      return program.finished;
    },
  },
  {
    name: 'engine-mute',
    about: 'the engine accepts connections and never answers: no environment',
    speed: 'slow',
    expected: { exitCode: 3, says: [/no answer within/], withinS: 20 },
    inflict: async (lab) => {
      const proxy = await EngineProxy.open(lab, { mute: true });
      const program = lab.run([], proxy.env);
      lab.strike();
      return program.finished;
    },
  },
  {
    name: 'engine-gone',
    about: 'the engine goes away while testcases run: the environment is lost, and `clean --orphans` takes away the container later',
    speed: 'slow',
    expected: { exitCode: 3, says: [/container engine/], withinS: 60 },
    inflict: async (lab) => {
      const proxy = await EngineProxy.open(lab);
      const program = lab.run(['--testcase=all', '--timeout=40s'], proxy.env);
      await lab.untilTesting(program);
      lab.strike();
      await proxy.close();
      const finished = await program.finished;
      await lab.must('clean', '--orphans');
      return finished;
    },
  },
  {
    name: 'engine-silent',
    about: 'the engine stops answering while testcases run: the run ends all the same, and `clean --orphans` takes away the container later',
    speed: 'slow',
    expected: { exitCode: 3, says: [/container|engine/], withinS: 120 },
    inflict: async (lab) => {
      const proxy = await EngineProxy.open(lab);
      const program = lab.run(['--testcase=read', '--timeout=40s'], proxy.env);
      await lab.until(program, 'suite.started');
      lab.strike();
      proxy.silence();
      const finished = await program.finished;
      await lab.must('clean', '--orphans');
      return finished;
    },
  },
  {
    name: 'engine-blip',
    about: 'every connection to the engine breaks while testcases run, and the engine is there again: the server lives, and the run passes',
    speed: 'slow',
    expected: { exitCode: 0, says: [/NFS Test PASSED/], withinS: 120 },
    inflict: async (lab) => {
      const proxy = await EngineProxy.open(lab);
      const program = lab.run(['--testcase=read,write,open,rename', '--timeout=90s'], proxy.env);
      await lab.untilTesting(program);
      lab.strike();
      proxy.cut();
      return program.finished;
    },
  },
];

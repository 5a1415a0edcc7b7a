import { existsSync } from 'node:fs';
import { createActor, fromPromise } from 'xstate';
import type { Options } from '../config/options.ts';
import type { ServerRecipe } from '../config/server-recipe.ts';
import { changeMachine } from '../machine/change-machine.ts';
import type { WatchService } from '../services/types.ts';
import { watchedSources } from '../steps/watched-sources.ts';
import type { SourceChange } from './source-change.ts';

/** Editors, formatters and `git checkout` write many files within this time. */
const quietMs = 200;
const patienceMs = 2_000;

export interface ChangeListener {
  readonly onChange: (change: SourceChange) => void;
  /** Something to say that begins no round. */
  readonly onNote: (message: string) => void;
}

/** The changes of a server's sources, until they are no longer watched. */
export interface SourceChanges {
  readonly folder: string;
  close(): Promise<void>;
}

/** Watches what a server is made of; every change from now on is told. Throws where there is nothing to watch or it can't be watched. */
export async function watchChanges(
  { options, recipe, watches }: { readonly options: Options; readonly recipe: ServerRecipe; readonly watches: WatchService },
  { onChange, onNote }: ChangeListener,
): Promise<SourceChanges> {
  const sources = await watchedSources(options, recipe);
  const machine = changeMachine.provide({ actors: { fingerprint: fromPromise(() => sources.fingerprint()) } });
  const early: string[] = [];
  let tell = (path: string): void => {
    early.push(path);
  };
  const watch = await watches.watch(sources.spec, { onChange: (path) => tell(path), onError: (error) => onNote(String(error)) });
  try {
    const actor = createActor(machine, { input: { fingerprint: await sources.fingerprint(), quietMs, patienceMs } });
    // Files that an editor made and removed while it saved tell nothing; nor does a removal beside other changes.
    const names = (paths: readonly string[]) => {
      const there = paths.filter((path) => existsSync(path));
      return (there.length > 0 ? there : paths).map(sources.nameOf);
    };
    actor.on('changed', ({ paths, sinceMs }) => onChange({ names: names(paths), sinceMs }));
    actor.on('unchanged', ({ paths }) => onNote(`${names(paths).join(', ')}: saved without a change`));
    actor.on('unreadable', ({ message }) => onNote(`the sources can't be read now: ${message}`));
    actor.start();
    tell = (path) => actor.send({ type: 'file.changed', path, atMs: performance.now() });
    // What came while the first fingerprint was taken may or may not be in it.
    for (const path of early) tell(path);
    return {
      folder: sources.folder,
      close: async () => {
        tell = () => {};
        actor.stop();
        await watch.close();
      },
    };
  } catch (error) {
    await watch.close();
    throw error;
  }
}

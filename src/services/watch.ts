import { type ChokidarOptions, watch } from 'chokidar';
import { EnvironmentError, messageOf } from '../model/errors.ts';
import type { SourceWatch, WatchService, WatchSpec } from './types.ts';

/** The system's file notifications, by chokidar. Its variable CHOKIDAR_USEPOLLING=1 is for shared folders that know none. */
export class ChokidarWatchService implements WatchService {
  async watch(
    { folders, ignores }: WatchSpec,
    { onChange, onError }: { readonly onChange: (path: string) => void; readonly onError: (error: unknown) => void },
  ): Promise<SourceWatch> {
    // A folder that is ignored is not entered: a build's output may be larger than the system's limit for watches.
    const options: ChokidarOptions = { ignored: (path) => ignores(path), ignoreInitial: true, followSymlinks: false, ignorePermissionErrors: true };
    const watcher = watch([...folders], options);
    watcher.on('all', (event, path) => {
      if (event !== 'addDir' && event !== 'unlinkDir') onChange(path);
    });
    const ready = Promise.withResolvers<void>();
    watcher.on('ready', ready.resolve);
    watcher.on('error', (error) => {
      const failure = explained(error);
      ready.reject(failure);
      onError(failure);
    });
    try {
      await ready.promise;
    } catch (error) {
      await watcher.close();
      throw error;
    }
    return { close: () => watcher.close() };
  }
}

/** Sources: inotify(7), ENOSPC and EMFILE of inotify_add_watch and inotify_init. */
function explained(error: unknown): EnvironmentError {
  const { code } = error as NodeJS.ErrnoException;
  const isLimit = code === 'ENOSPC' || code === 'EMFILE';
  const hint = isLimit
    ? 'raise the limit (sysctl fs.inotify.max_user_watches=524288), or leave more out by .dockerignore'
    : 'check that the folder is there and may be read; on a shared folder set CHOKIDAR_USEPOLLING=1';
  return new EnvironmentError(`can't watch the sources: ${isLimit ? 'too many files for this system’s limit' : messageOf(error)}`, hint, { cause: error });
}

import { type FSWatcher, watch } from 'node:fs';

/** Shared folders of virtual machines know no notifications: there the file is looked at once in this time. */
const fallbackMs = 500;

/** Says when a file may have grown. */
export class FileChanges {
  readonly #watcher: FSWatcher | null;
  #changed = false;
  #wake: (() => void) | null = null;

  constructor(path: string) {
    this.#watcher = watchFile(path, () => this.wake());
  }

  /** Resolves at the next change, or at once where there was one since the last call. */
  async next(): Promise<void> {
    if (!this.#changed) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, fallbackMs);
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    this.#changed = false;
    this.#wake = null;
  }

  wake(): void {
    this.#changed = true;
    this.#wake?.();
  }

  close(): void {
    this.#watcher?.close();
    this.wake();
  }
}

function watchFile(path: string, onChange: () => void): FSWatcher | null {
  try {
    return watch(path, onChange).on('error', () => {});
  } catch {
    return null;
  }
}

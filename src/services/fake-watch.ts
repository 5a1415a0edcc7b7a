import type { SourceWatch, WatchService, WatchSpec } from './types.ts';

/** Watches nothing by itself: a test says what has changed. */
export class FakeWatchService implements WatchService {
  /** What is watched now. */
  readonly specs = new Set<WatchSpec>();
  /** What could not be watched; null: everything can. */
  failure: Error | null = null;
  readonly #listeners = new Map<WatchSpec, (path: string) => void>();

  async watch(spec: WatchSpec, { onChange }: { readonly onChange: (path: string) => void }): Promise<SourceWatch> {
    if (this.failure) throw this.failure;
    this.specs.add(spec);
    this.#listeners.set(spec, onChange);
    return {
      close: async () => {
        this.specs.delete(spec);
        this.#listeners.delete(spec);
      },
    };
  }

  /** A file was written, made or removed. */
  change(path: string): void {
    for (const [{ folders, ignores }, onChange] of this.#listeners) {
      const folder = folders.find((candidate) => path.startsWith(`${candidate}/`));
      if (folder === undefined) continue;
      // As with real watchers, what lies in an ignored folder is never seen.
      const parts = path.slice(folder.length + 1).split('/');
      const ways = parts.map((_, index) => `${folder}/${parts.slice(0, index + 1).join('/')}`);
      if (!ways.some((way) => ignores(way))) onChange(path);
    }
  }
}

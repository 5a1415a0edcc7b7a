import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import type { SourceWatch, WatchService } from './types.ts';

export interface WatchLab {
  readonly watches: WatchService;
  /** A folder with the files `a.c`, `sub/b.c` and `out/c.o`. */
  readonly folder: string;
  write(path: string): Promise<void>;
  remove(path: string): Promise<void>;
  /** Writes another file and renames it over this one, as editors save. */
  replace(path: string): Promise<void>;
}

/** Changes of one file that are nearer may be told as one. */
const mergedMs = 150;
/** Long enough for a notification that must not come. */
const silenceMs = 300;

/** What every watch service must do. */
export function describeWatchContract(name: string, makeLab: () => Promise<WatchLab>): void {
  describe(`${name} keeps the watch's contract`, () => {
    let open: SourceWatch | null = null;
    afterEach(() => open?.close());

    async function start() {
      const lab = await makeLab();
      const seen: string[] = [];
      open = await lab.watches.watch(
        { folders: [lab.folder], ignores: (path) => path.endsWith('/out') || path.endsWith('~') },
        { onChange: (path) => seen.push(path), onError: (error) => seen.push(String(error)) },
      );
      const sees = (path: string) => expect.poll(() => seen).toContain(join(lab.folder, path));
      return { lab, seen, sees, path: (part: string) => join(lab.folder, part), watch: open };
    }

    it('sees files written, made, removed and replaced, in folders below too', async () => {
      const { lab, sees, seen, path } = await start();
      expect(seen).toEqual([]);
      for (const part of ['a.c', 'sub/b.c', 'new.c']) {
        await lab.write(path(part));
        await sees(part);
      }
      for (const change of [lab.replace, lab.replace, lab.remove]) {
        await sleep(mergedMs);
        seen.length = 0;
        await change(path('a.c'));
        await sees('a.c');
      }
    });

    it('sees files in a folder that is made later', async () => {
      const { lab, sees, path } = await start();
      await lab.write(path('later/deep/d.c'));
      await sees('later/deep/d.c');
    });

    it('sees nothing of what is ignored', async () => {
      const { lab, seen, sees, path } = await start();
      await lab.write(path('out/c.o'));
      await lab.write(path('a.c~'));
      await sleep(silenceMs);
      expect(seen).toEqual([]);
      await lab.write(path('a.c'));
      await sees('a.c');
    });

    it('tells nothing after its end', async () => {
      const { lab, seen, watch, path } = await start();
      await watch.close();
      await watch.close();
      await lab.write(path('a.c'));
      await sleep(silenceMs);
      expect(seen).toEqual([]);
    });
  });
}

import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { fakeFolder } from './fake-folder.ts';
import { FakeWatchService } from './fake-watch.ts';
import { describeWatchContract } from './watch.contract.ts';
import { ChokidarWatchService } from './watch.ts';

let count = 0;

async function write(path: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, `text ${++count}`);
}

async function sources(): Promise<string> {
  const folder = fakeFolder();
  for (const path of ['a.c', 'sub/b.c', 'out/c.o']) await write(join(folder, path));
  return folder;
}

describeWatchContract('ChokidarWatchService', async () => ({
  watches: new ChokidarWatchService(),
  folder: await sources(),
  write,
  remove: (path) => rm(path),
  replace: async (path) => {
    await write(`${path}~`);
    await rename(`${path}~`, path);
  },
}));

describeWatchContract('FakeWatchService', async () => {
  const watches = new FakeWatchService();
  const change = async (path: string) => watches.change(path);
  return { watches, folder: '/sources', write: change, remove: change, replace: change };
});

describe('ChokidarWatchService', () => {
  it('watches a folder that has no files yet', async () => {
    const folder = fakeFolder();
    const seen: string[] = [];
    const watch = await new ChokidarWatchService().watch(
      { folders: [folder], ignores: () => false },
      { onChange: (path) => seen.push(path), onError: () => {} },
    );
    await write(join(folder, 'first.c'));
    await expect.poll(() => seen).toContain(join(folder, 'first.c'));
    await watch.close();
  });
});

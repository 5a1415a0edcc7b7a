import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';

const folders: string[] = [];

afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

/** A new folder for a test; removed when its file's tests have ended. */
export function fakeFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'nfstest-tui-unit-'));
  folders.push(folder);
  return folder;
}

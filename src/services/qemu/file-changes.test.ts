import { appendFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { fakeFolder } from '../fake-folder.ts';
import { FileChanges } from './file-changes.ts';

describe('FileChanges', () => {
  it('tells of a change at once, and of one that came while nobody waited', async () => {
    const path = join(fakeFolder(), 'log');
    writeFileSync(path, '');
    const changes = new FileChanges(path);
    const began = performance.now();
    setTimeout(() => appendFileSync(path, 'line\n'), 20);
    await changes.next();
    changes.wake();
    await changes.next();
    // The fallback alone would take half a second each time.
    expect(performance.now() - began).toBeLessThan(450);
    changes.close();
  });

  it('looks from time to time where the system tells nothing', async () => {
    const changes = new FileChanges(join(fakeFolder(), 'nowhere'));
    const began = performance.now();
    await changes.next();
    expect(performance.now() - began).toBeGreaterThan(400);
    changes.close();
  });
});

import { createWriteStream, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { finished } from 'node:stream/promises';
import { expect, it } from 'vitest';
import { fakeFolder } from '../services/fake-folder.ts';
import { LogFile } from './log-file.ts';

it('a log has one end: after a line that did not fit none is taken, be it ever so short', async () => {
  const path = join(fakeFolder(), 'server.log');
  const log = new LogFile('server.log', createWriteStream(path), 10);
  for (const line of ['first', 'much too long', 'ok', 'é']) log.write(line);
  expect(log.shortened).toEqual({ file: 'server.log', droppedLines: 3, droppedBytes: 14 + 3 + 3 });
  log.end();
  await finished(log.stream);
  expect(readFileSync(path, 'utf8')).toBe('first\nnfstest-tui: 3 more lines (20 bytes) were left out: LOG_MAX is reached\n');
});

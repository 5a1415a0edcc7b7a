import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { fakeFolder } from '../services/fake-folder.ts';
import { DigestCache, fileStamp } from './file-digest.ts';

let dir: string;
let image: string;
let known: string;
beforeEach(() => {
  dir = fakeFolder();
  [image, known] = [join(dir, 'image'), join(dir, 'digests.json')];
  writeFileSync(image, 'abc');
});

/** Source: FIPS 180-2, appendix B.1. */
const ofAbc = 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad';

describe('DigestCache', () => {
  it('gives the SHA-256 of a file', async () => {
    expect(await new DigestCache(known).digest(image)).toBe(ofAbc);
  });

  it('believes what it wrote down while the file’s stamp is the same', async () => {
    writeFileSync(known, JSON.stringify({ [image]: { stamp: await fileStamp(image), digest: 'as written' } }));
    expect(await new DigestCache(known).digest(image)).toBe('as written');
  });

  it('reads a file again that has changed', async () => {
    const cache = new DigestCache(known);
    await cache.digest(image);
    writeFileSync(image, 'abcd');
    expect(await cache.digest(image)).not.toBe(ofAbc);
    writeFileSync(image, 'abc');
    expect(await new DigestCache(known).digest(image)).toBe(ofAbc);
  });

  it.each(['', '{', 'null', '[]', '"x"', '{"x":null}'])('takes %j for nothing known', async (text) => {
    writeFileSync(known, text);
    expect(await new DigestCache(known).digest(image)).toBe(ofAbc);
    expect(JSON.parse(readFileSync(known, 'utf8'))).toMatchObject({ [image]: { digest: ofAbc } });
  });

  it('keeps several at once, asked for side by side', async () => {
    const other = join(dir, 'other');
    writeFileSync(other, 'other');
    const cache = new DigestCache(known);
    await Promise.all([cache.digest(image), cache.digest(other), cache.digest(image)]);
    expect(Object.keys(JSON.parse(readFileSync(known, 'utf8'))).sort()).toEqual([image, other].sort());
  });

  it('a file that is missing is an error', async () => {
    await expect(new DigestCache(known).digest(join(dir, 'nowhere'))).rejects.toThrow(/ENOENT/);
  });
});

import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { copyFile, open, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fakeFolder } from './fake-folder.ts';
import { never } from './fake-signals.ts';
import { ToolVmImageService } from './images.ts';

let dir: string;
/** What the mirror answers, by the end of the path. */
const answers = new Map<string, (response: ServerResponse) => void>();
const mirror = createServer((request, response) => {
  const answer = [...answers].find(([end]) => request.url?.endsWith(end))?.[1];
  if (answer) answer(response);
  else response.writeHead(404).end('not here');
});
let images: ToolVmImageService;
const tools = await Promise.all(
  ['qemu-img', 'genisoimage'].map((tool) => execa(tool, ['--version'], { reject: false }).then(({ exitCode }) => exitCode === 0)),
);
const [hasQemuImg = false, hasIsoTool = false] = tools;
const sha512 = (data: Buffer) => createHash('sha512').update(data).digest('hex');
/** Files that are no result; there must be none. */
const leftovers = async () => (await readdir(dir)).filter((name) => name.includes('.part') || name.includes('.iso.'));

beforeAll(async () => {
  dir = fakeFolder();
  await new Promise<void>((resolve) => mirror.listen(0, '127.0.0.1', resolve));
  images = new ToolVmImageService({ recipe: join(dir, 'recipe.sh'), mirror: `http://127.0.0.1:${(mirror.address() as AddressInfo).port}/alpine` });
});
afterAll(async () => {
  mirror.closeAllConnections();
  mirror.close();
  await rm(dir, { recursive: true });
});

describe.runIf(hasQemuImg)('createOverlay', () => {
  const overlayOf = (base: string) => images.createOverlay({ base, overlay: join(dir, 'overlay.qcow2') }, never);
  const create = async (name: string, ...args: string[]) => {
    const path = join(dir, name);
    await execa('qemu-img', ['create', '-q', ...args, path, '1M']);
    return path;
  };

  it('makes an empty overlay of a qcow2 or a raw image, anew each time', async () => {
    for (const [name, format] of [
      ['base.qcow2', 'qcow2'],
      ['base.img', 'raw'],
    ] as const) {
      const base = await create(name, '-f', format);
      await writeFile(join(dir, 'overlay.qcow2'), 'of the last run');
      await overlayOf(base);
      const { stdout } = await execa('qemu-img', ['info', '--output=json', join(dir, 'overlay.qcow2')]);
      expect(JSON.parse(stdout)).toMatchObject({ format: 'qcow2', 'backing-filename': base, 'backing-filename-format': format });
    }
  });

  it('is for its owner’s eyes only: a guest writes its private host key there', async () => {
    const base = await create('readable.qcow2', '-f', 'qcow2');
    await writeFile(join(dir, 'overlay.qcow2'), 'of the last run', { mode: 0o644 });
    await overlayOf(base);
    expect((await stat(join(dir, 'overlay.qcow2'))).mode & 0o777).toBe(0o600);
  });

  it('names an image that is broken, and leaves it alone', async () => {
    const sound = await create('sound.qcow2', '-f', 'qcow2');
    const broken = join(dir, 'broken.qcow2');
    // The table of clusters points into nowhere.
    await copyFile(sound, broken);
    const file = await open(broken, 'r+');
    await file.write(Buffer.from([0xff, 0xff, 0xff, 0xff]), 0, 4, 40);
    await file.close();
    const text = join(dir, 'text.qcow2');
    await writeFile(text, 'no image at all');
    for (const base of [broken, text, join(dir, 'missing.qcow2')]) {
      await expect(overlayOf(base)).rejects.toMatchObject({
        exitCode: 3,
        message: expect.stringContaining(`${base} is no sound qcow2 image: `),
        hint: expect.stringMatching(/--vm-image/),
      });
    }
    expect(existsSync(broken)).toBe(true);
  });

  it('takes an image with leaked clusters: they only cost room', async () => {
    const base = await create('leaky.qcow2', '-f', 'qcow2');
    const file = await open(base, 'r+');
    // A reference count (2 bytes, second cluster of the block) for a cluster that nobody uses.
    const header = Buffer.alloc(72);
    await file.read(header, 0, 72, 0);
    const table = Buffer.alloc(8);
    await file.read(table, 0, 8, Number(header.readBigUInt64BE(48)));
    await file.write(Buffer.from([0, 1]), 0, 2, Number(table.readBigUInt64BE(0)) + 2 * 20);
    await file.truncate(30 * 65_536);
    await file.close();
    expect((await execa('qemu-img', ['check', '-q', base], { reject: false })).exitCode).toBe(3);
    await overlayOf(base);
  });
});

describe.runIf(hasQemuImg)('downloadAlpine', () => {
  const target = () => join(dir, 'alpine.qcow2');
  const download = (sum: string, options: { signal: AbortSignal } = never) => {
    const progress: (number | null | undefined)[] = [];
    const done = images.downloadAlpine(
      { target: target(), version: '3.99.1', arch: 'x86_64', sha512: sum },
      { ...options, onProgress: (_, fraction) => progress.push(fraction) },
    );
    return done.then(() => progress);
  };
  let image: Buffer;
  const name = '/alpine/v3.99/releases/cloud/alpine-3.99.1-x86_64-cloudinit-r0.qcow2';

  beforeAll(async () => {
    const path = join(dir, 'source.qcow2');
    await execa('qemu-img', ['create', '-q', '-f', 'qcow2', path, '1M']);
    image = await readFile(path);
  });

  it('downloads, checks and enlarges it, and tells how far it is', async () => {
    answers.set(name, (response) => response.writeHead(200, { 'content-length': image.length }).end(image));
    const progress = await download(sha512(image));
    expect(progress.at(-1)).toBe(1);
    const { stdout } = await execa('qemu-img', ['info', '--output=json', target()]);
    expect(JSON.parse(stdout)).toMatchObject({ format: 'qcow2', 'virtual-size': 2 * 2 ** 30 });
    expect(await leftovers()).toEqual([]);
  });

  it('only its owner may read it, also after one that was killed', async () => {
    answers.set(name, (response) => response.writeHead(200, { 'content-length': image.length }).end(image));
    await writeFile(`${target()}.part`, 'half', { mode: 0o644 });
    await download(sha512(image));
    expect((await stat(target())).mode & 0o777).toBe(0o600);
  });

  it('takes the published sum where none is pinned', async () => {
    answers.set(`${name}.sha512`, (response) => response.end(`${sha512(image)}  file\n`));
    await download('');
    answers.set(`${name}.sha512`, (response) => response.end('<html>'));
    await expect(download('')).rejects.toThrow(/holds no SHA-512 sum/);
  });

  it.each<[string, ((response: ServerResponse) => void) | null, RegExp]>([
    ['another file', (response) => response.end('something else'), /wrong SHA-512 sum/],
    ['no file', null, /could not download http.*\.qcow2: HTTP 404/],
    [
      'half a file',
      (response) => response.writeHead(200, { 'content-length': 1_000 }).write('half', () => response.destroy()),
      /the download of http.*\.qcow2 broke off: .+/,
    ],
    ['a closed connection', (response) => response.destroy(), /could not download http/],
  ])('%s: says so, keeps the old image, leaves no part', async (_, answer, message) => {
    await writeFile(target(), 'old');
    if (answer) answers.set(name, answer);
    else answers.delete(name);
    await expect(download(sha512(image))).rejects.toMatchObject({
      name: 'EnvironmentError',
      message: expect.stringMatching(message),
      hint: expect.stringMatching(/try again|VM_SOURCE=debian/),
    });
    expect(await readFile(target(), 'utf8')).toBe('old');
    expect(await leftovers()).toEqual([]);
  });

  it('stops in the middle when the signal fires', async () => {
    answers.set(name, (response) => response.writeHead(200, { 'content-length': 1_000 }).write('half'));
    await expect(download(sha512(image), { signal: AbortSignal.timeout(50) })).rejects.toThrow(/abort/i);
    expect(await leftovers()).toEqual([]);
  });
});

describe('createSeed', () => {
  it.runIf(hasIsoTool)('makes an ISO that cloud-init finds by its label', async () => {
    for (const name of ['user', 'meta']) await writeFile(join(dir, name), `the ${name} data`);
    const target = join(dir, 'seed.iso');
    await images.createSeed({ target, userData: join(dir, 'user'), metaData: join(dir, 'meta') }, never);
    const iso = await readFile(target, 'latin1');
    // Volume label at byte 40 of the descriptor in sector 16. Source: ECMA-119, 8.4.
    expect(iso.slice(16 * 2048 + 40, 16 * 2048 + 72).trim()).toBe('cidata');
    expect(iso).toContain('the user data');
    // It holds the guest's host key.
    expect((await stat(target)).mode & 0o777).toBe(0o600);
    expect(iso).toContain('the meta data');
    expect(await leftovers()).toEqual([]);
  });

  it('says which tool is missing', async () => {
    const path = process.env.PATH;
    process.env.PATH = '/nowhere';
    try {
      await writeFile(join(dir, 'user'), '');
      const files = { target: join(dir, 'none.iso'), userData: join(dir, 'user'), metaData: join(dir, 'user') };
      await expect(images.createSeed(files, never)).rejects.toMatchObject({
        message: 'no tool to make an ISO image is installed',
        hint: expect.stringMatching(/setup/),
      });
    } finally {
      process.env.PATH = path;
    }
    expect(await leftovers()).toEqual([]);
  });
});

describe('buildDebian', () => {
  const build = async (script: string, options: { signal: AbortSignal } = never) => {
    await writeFile(join(dir, 'recipe.sh'), script);
    const steps: string[] = [];
    let output = '';
    const onOutput = (chunk: Uint8Array | string) => {
      output += String(chunk);
    };
    await images.buildDebian({ dir: join(dir, 'debian'), name: 'vm.qcow2' }, { ...options, onProgress: (message) => steps.push(message), onOutput });
    return { steps, output };
  };

  it('runs the recipe with folder, name and size, and shows its steps', async () => {
    const { steps, output } = await build('echo "==> packages"; echo "$1 $2 $3"; echo "==> disk" >&2');
    expect(steps).toEqual(['packages', 'disk']);
    expect(output).toContain(`${join(dir, 'debian')} vm.qcow2 2G`);
  });

  it.each([
    ['echo working; echo "E: no mirror" >&2; exit 100', /^sh failed: E: no mirror$/],
    ['echo "tar: write error: No space left on device" >&2; echo later; exit 2', /the disk is full/],
  ])('%s', async (script, message) => {
    await expect(build(script)).rejects.toMatchObject({ exitCode: 3, message: expect.stringMatching(message) });
  });

  it('lets the recipe tidy up when the signal fires', async () => {
    const mark = join(dir, 'tidied');
    const script = `trap 'touch ${mark}; exit 143' TERM; echo "==> begun"; while :; do sleep 0.05; done`;
    await expect(build(script, { signal: AbortSignal.timeout(300) })).rejects.toThrow(/abort/i);
    expect(existsSync(mark)).toBe(true);
  });
});

import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { fakeOptions } from '../config/fake-options.ts';
import type { Values } from '../config/options.ts';
import { findRecipe } from '../config/server-recipe.ts';
import { UserError } from '../model/errors.ts';
import { FakeEngineService } from '../services/fake-engine.ts';
import { fakeFolder } from '../services/fake-folder.ts';
import { FakeVmImageService } from '../services/fake-images.ts';
import { FakeEarthlyService, FakeSourceService } from '../services/fake-sources.ts';
import { FakeContext } from './fake-context.ts';
import { labels } from './labels.ts';
import { prepareServerImage } from './server-image.ts';

let dir: string;
let engine: FakeEngineService;
let images: FakeVmImageService;
let sources: FakeSourceService;
let earthly: FakeEarthlyService;

beforeEach(() => {
  dir = fakeFolder();
  [engine, images, sources, earthly] = [new FakeEngineService(), new FakeVmImageService(), new FakeSourceService(), new FakeEarthlyService()];
});

function prepare(flags: Values = {}, context = new FakeContext()) {
  const options = fakeOptions(dir, flags);
  return prepareServerImage(options, findRecipe(options.imageName.value, options.serverConfig), { engine, images, sources, earthly }, context);
}

/** A server.json with a Dockerfile in a folder of the test's. */
function ownRecipe(build: object = { context: '.' }): Values {
  const folder = join(dir, 'mine');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'Dockerfile'), 'FROM base:1\n');
  writeFileSync(join(folder, 'server.json'), JSON.stringify({ nfsPort: 4000, mountPort: 4000, export: '/', nfsVersions: ['3'], build }));
  return { IMAGE_NAME: 'mine', SERVER_CONFIG: join(folder, 'server.json') };
}

describe('building', () => {
  it('builds once, and again only when an input changes', async () => {
    const flags = ownRecipe();
    expect(await prepare(flags)).toMatchObject({ reference: 'mine:latest', detail: 'mine:latest, built' });
    expect(await prepare(flags)).toMatchObject({ detail: 'mine:latest, unchanged' });
    expect(engine.builds).toHaveLength(1);
    for (const change of ['FROM base:2\n', 'FROM base:3\n']) {
      writeFileSync(join(dir, 'mine', 'Dockerfile'), change);
      const before = await engine.inspectImage('mine:latest');
      expect(await prepare(flags)).toMatchObject({ detail: 'mine:latest, built' });
      // The image without a tag would lie around for ever.
      expect(engine.calls).toContain(`remove ${before?.id}`);
    }
    expect(engine.builds).toHaveLength(3);
    expect(engine.builds[0]?.labels[labels.inputs]).not.toBe(engine.builds[1]?.labels[labels.inputs]);
  });

  it('says in the image where its server.json is; one that was built without is built again', async () => {
    const flags = ownRecipe();
    await prepare(flags);
    expect(engine.builds[0]?.labels[labels.config]).toBe(flags.SERVER_CONFIG);
    const { [labels.config]: _, ...before } = engine.builds[0]?.labels ?? {};
    engine.addImage('mine:latest', before);
    expect(await prepare(flags)).toMatchObject({ detail: 'mine:latest, built' });
    expect(await prepare(flags)).toMatchObject({ detail: 'mine:latest, unchanged' });
  });

  it('what .dockerignore leaves out is no input', async () => {
    const flags = ownRecipe();
    writeFileSync(join(dir, 'mine', 'Dockerfile.dockerignore'), '*.log\n');
    await prepare(flags);
    writeFileSync(join(dir, 'mine', 'noise.log'), 'x');
    expect(await prepare(flags)).toMatchObject({ detail: 'mine:latest, unchanged' });
    writeFileSync(join(dir, 'mine', 'source.c'), 'x');
    expect(await prepare(flags)).toMatchObject({ detail: 'mine:latest, built' });
    expect(engine.builds.at(-1)?.ignoreFile).toBe(join(dir, 'mine', 'Dockerfile.dockerignore'));
  });

  it('shows its phase, its steps and its log', async () => {
    const context = new FakeContext();
    await prepare(ownRecipe(), context);
    expect(context.types[0]).toBe('phase.started');
    expect(context.bodies).toContainEqual({ type: 'progress.reported', phase: 'server-image', message: 'Step 1/1 : FROM base:1', fraction: null });
    expect(context.logs.buffers.build.tail(9)).toEqual(['Step 1/1 : FROM base:1']);
    expect(context.phases).toEqual(['server-image ok: mine:latest, built']);
  });

  it('a build that fails or is cut off leaves no image', async () => {
    engine.buildFailure = 'RUN make returned 2';
    const failed = new FakeContext();
    await expect(prepare(ownRecipe(), failed)).rejects.toMatchObject({ exitCode: 3, message: 'RUN make returned 2' });
    expect(failed.phases).toEqual(['server-image failed: RUN make returned 2']);
    engine.buildFailure = null;
    engine.buildMs = 5_000;
    const cut = new FakeContext({ signal: AbortSignal.timeout(20) });
    await expect(prepare(ownRecipe(), cut)).rejects.toThrow(/abort/i);
    expect(cut.phases).toEqual(['server-image cancelled']);
    expect(await engine.inspectImage('mine:latest')).toBeNull();
  });
});

describe('images from elsewhere', () => {
  it('somebody else’s image is used as it is, also under a recipe’s name', async () => {
    for (const name of ['theirs', 'ganesha']) {
      const { id } = engine.addImage(`${name}:latest`);
      expect(await prepare({ IMAGE_NAME: name })).toEqual({ reference: `${name}:latest`, id, detail: `${name}:latest, not built by this program` });
    }
    expect(engine.calls).toEqual([]);
  });

  it('an unknown image is pulled', async () => {
    engine.registry.add('ghcr.io/me/server:v2');
    expect(await prepare({ IMAGE_NAME: 'ghcr.io/me/server', IMAGE_TAG: 'v2' })).toMatchObject({ detail: 'ghcr.io/me/server:v2, pulled' });
  });

  it.each([
    ['ganehsa', 'did you mean --image-name ganesha?'],
    ['something', /build or load it first, or use one of .*ganesha/],
  ])('%s can’t be found: an error, never another server', async (name, hint) => {
    const error = await prepare({ IMAGE_NAME: name }).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(UserError);
    expect(error).toMatchObject({ exitCode: 2, message: expect.stringContaining(`image '${name}:latest' was not found`), hint: expect.stringMatching(hint) });
    expect(engine.images.size).toBe(0);
  });
});

describe('a server built from a checkout', () => {
  const checkout = () => {
    const folder = join(dir, 'checkout');
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'Cargo.toml'), '[package]');
    return folder;
  };
  beforeEach(() => {
    for (const image of ['rust:1-bookworm', 'debian:trixie-slim', 'debian:bookworm-slim']) engine.addImage(image);
  });

  it('sends the checkout with the recipe’s Dockerfile', async () => {
    const SERVER_SRC = checkout();
    expect(await prepare({ SERVER_SRC })).toMatchObject({ reference: 'arcticwolf:latest', detail: 'arcticwolf:latest, built' });
    expect(engine.builds[0]).toMatchObject({ contextDir: SERVER_SRC, dockerfile: expect.stringMatching(/servers\/arcticwolf\/Dockerfile$/) });
    writeFileSync(join(SERVER_SRC, 'main.rs'), 'fn main() {}');
    expect(await prepare({ SERVER_SRC })).toMatchObject({ detail: 'arcticwolf:latest, built' });
  });

  it('without a Cargo.toml it can’t be built; one that was built earlier is still good', async () => {
    const SERVER_SRC = checkout();
    await prepare({ SERVER_SRC });
    rmSync(join(SERVER_SRC, 'Cargo.toml'));
    expect(await prepare({ IMAGE_NAME: 'arcticwolf', SERVER_SRC })).toMatchObject({
      detail: expect.stringMatching(/built earlier; .*checkout holds no source/),
    });
    engine.images.clear();
    await expect(prepare({ IMAGE_NAME: 'arcticwolf', SERVER_SRC })).rejects.toMatchObject({
      exitCode: 2,
      message: `can't build arcticwolf:latest: ${SERVER_SRC} holds no Cargo.toml`,
      hint: expect.stringMatching(/SERVER_SRC .*--image-name ganesha/),
    });
  });

  it('a git URL is cloned first', async () => {
    const SERVER_SRC = 'https://example.org/server.git';
    await expect(prepare({ SERVER_SRC })).rejects.toMatchObject({ exitCode: 3, message: expect.stringMatching(/could not clone https:\/\/example\.org/) });
    sources.repositories.set(SERVER_SRC, { 'Cargo.toml': '[package]' });
    await prepare({ SERVER_SRC });
    expect(engine.builds[0]?.contextDir).toMatch(new RegExp(`^${dir}/build/src/[0-9a-f]{12}$`));
  });
});

describe('base images', () => {
  const baseImages = { BASE: { image: 'debian:x', debianSuite: 'bookworm', packages: ['gcc', 'make'] } };
  const flags = () => ownRecipe({ context: '.', baseImages });

  it('one that the engine has, else one that it can pull', async () => {
    engine.registry.add('debian:x');
    await prepare(flags());
    expect(engine.builds[0]?.args).toEqual({ BASE: 'debian:x' });
    expect(engine.calls).toEqual(['pull debian:x', 'build mine:latest']);
  });

  it('where no registry answers, from Debian packages; once', async () => {
    const context = new FakeContext();
    const own = flags();
    await prepare(own, context);
    const ours = engine.builds[0]?.args.BASE ?? '';
    expect(ours).toMatch(/^nfstest-tui\/base:bookworm-[0-9a-f]{12}$/);
    expect(images.calls).toEqual(['rootfs bookworm gcc,make']);
    expect(context.notes).toEqual([`info: debian:x can't be pulled; making a base image from Debian packages`]);
    writeFileSync(join(dir, 'mine', 'Dockerfile'), 'FROM base:2\n');
    await prepare(own);
    expect(images.calls).toHaveLength(1);
    expect(engine.builds[1]?.args.BASE).toBe(ours);
  });

  it('a half-made one is removed, and both reasons are told', async () => {
    images.rootfsFailure = 'mmdebstrap failed: no mirror';
    await expect(prepare(flags())).rejects.toMatchObject({
      exitCode: 3,
      message: expect.stringMatching(/no base image: .*no registry has it; and from Debian packages: mmdebstrap failed: no mirror/),
    });
    expect([...engine.images.keys()]).toEqual([]);
    images.rootfsFailure = null;
    images.workMs = 5_000;
    await expect(prepare(flags(), new FakeContext({ signal: AbortSignal.timeout(20) }))).rejects.toThrow(/abort/i);
    expect([...engine.images.keys()]).toEqual([]);
  });
});

describe('Earthly', () => {
  it('builds where it is installed; the engine does without it', async () => {
    earthly.command = 'earth';
    earthly.onRun = () => engine.addImage('mine:latest');
    const context = new FakeContext();
    expect(await prepare(ownRecipe(), context)).toMatchObject({ detail: 'mine:latest, built by earth' });
    expect(earthly.runs).toMatchObject([{ target: '+server-docker', args: { IMAGE_NAME: 'mine', IMAGE_TAG: 'latest' } }]);
    engine.images.clear();
    expect(await prepare({ ...ownRecipe(), BUILDER: 'engine' })).toMatchObject({ detail: 'mine:latest, built' });
  });

  it('where it fails, the engine builds and a note says so; asked for, it is an error', async () => {
    earthly.command = 'earthly';
    earthly.failure = 'earthly +server-docker failed with exit code 1';
    const context = new FakeContext();
    expect(await prepare(ownRecipe(), context)).toMatchObject({ detail: 'mine:latest, built' });
    expect(context.notes).toEqual(["warning: earthly +server-docker failed with exit code 1; using the engine's own build"]);
    writeFileSync(join(dir, 'mine', 'Dockerfile'), 'FROM base:9\n');
    await expect(prepare({ ...ownRecipe(), BUILDER: 'earthly', IMAGE_TAG: 'x' })).rejects.toMatchObject({ exitCode: 3 });
    earthly.command = null;
    await expect(prepare({ ...ownRecipe(), BUILDER: 'earthly', IMAGE_TAG: 'x' })).rejects.toMatchObject({
      exitCode: 2,
      message: 'neither earth nor earthly is installed',
    });
  });
});

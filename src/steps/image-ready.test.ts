import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, expect, it } from 'vitest';
import { fakeOptions } from '../config/fake-options.ts';
import { findRecipe } from '../config/server-recipe.ts';
import { FakeEngineService } from '../services/fake-engine.ts';
import { fakeFolder } from '../services/fake-folder.ts';
import { FakeVmImageService } from '../services/fake-images.ts';
import { FakeEarthlyService, FakeSourceService } from '../services/fake-sources.ts';
import { FakeContext } from './fake-context.ts';
import { isImageReady } from './image-ready.ts';
import { prepareServerImage } from './server-image.ts';

let folder: string;
let config: string;
let engine: FakeEngineService;
beforeEach(() => {
  folder = join(fakeFolder(), 'mine');
  config = join(folder, 'server.json');
  engine = new FakeEngineService();
  mkdirSync(folder);
  writeFileSync(join(folder, 'Dockerfile'), 'FROM base:1\n');
  writeFileSync(config, JSON.stringify({ nfsPort: 4000, mountPort: 4000, export: '/', nfsVersions: ['3'], build: { context: '.' } }));
});
const isReady = () => isImageReady('mine:latest', findRecipe('mine', config), engine);

it('ready once it is built, until its recipe changes', async () => {
  expect(await isReady()).toBe(false);
  const services = { engine, images: new FakeVmImageService(), sources: new FakeSourceService(), earthly: new FakeEarthlyService() };
  const options = fakeOptions(folder, { IMAGE_NAME: 'mine', SERVER_CONFIG: config });
  await prepareServerImage(options, findRecipe('mine', config), services, new FakeContext());
  expect(await isReady()).toBe(true);
  writeFileSync(join(folder, 'Dockerfile'), 'FROM base:2\n');
  expect(await isReady()).toBe(false);
});

it('somebody else’s image is used as it is', async () => {
  engine.addImage('mine:latest', {});
  expect(await isReady()).toBe(true);
});

import { join } from 'node:path';
import { expect, it } from 'vitest';
import { fakeOptions } from '../config/fake-options.ts';
import type { Values } from '../config/options.ts';
import { FakeEngineService } from '../services/fake-engine.ts';
import { labels } from '../steps/labels.ts';
import { withImageConfig } from './image-config.ts';

const config = join(import.meta.dirname, '../../test/fixtures/servers/tiny/server.json');

function find(imageLabels: Readonly<Record<string, string>> | null, flags: Values = {}) {
  const engine = new FakeEngineService();
  if (imageLabels !== null) engine.addImage('mine:latest', imageLabels);
  return withImageConfig(fakeOptions(process.cwd(), { IMAGE_NAME: 'mine', ...flags }), async () => engine);
}

it('an image tells where its server.json is, and the run is repeated with it', async () => {
  const { serverConfig, given } = await find({ [labels.config]: config, [labels.reference]: 'mine:latest' });
  expect([serverConfig, given.SERVER_CONFIG]).toEqual([config, 'test/fixtures/servers/tiny/server.json']);
});

it.each([
  ['no image', null, {}],
  ['an image without the label', { [labels.reference]: 'mine:latest' }, {}],
  ['an image on top of one that has it', { [labels.config]: config, [labels.reference]: 'base:latest' }, {}],
])('%s: the settings count', async (_, imageLabels, flags) => {
  expect((await find(imageLabels, flags)).serverConfig).toBeNull();
});

it('a file that is named wins, and so does a recipe of the program’s own', async () => {
  const imageLabels = { [labels.config]: '/nowhere/server.json', [labels.reference]: 'mine:latest' };
  expect((await find(imageLabels, { SERVER_CONFIG: config })).serverConfig).toBe(config);
  expect((await withImageConfig(fakeOptions(process.cwd(), { IMAGE_NAME: 'ganesha' }), () => Promise.reject(new Error('not asked')))).serverConfig).toBeNull();
});

it('a file that is gone is an error, and an engine that does not answer none yet', async () => {
  await expect(find({ [labels.config]: '/nowhere/server.json', [labels.reference]: 'mine:latest' })).rejects.toThrow(
    '/nowhere/server.json, and that file is gone',
  );
  const silent = withImageConfig(fakeOptions(process.cwd(), { IMAGE_NAME: 'mine' }), () => Promise.reject(new Error('no engine')));
  expect((await silent).serverConfig).toBeNull();
});

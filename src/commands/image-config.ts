import { existsSync } from 'node:fs';
import { relative } from 'node:path';
import type { Options } from '../config/options.ts';
import { recipeNames } from '../config/server-recipe.ts';
import { UserError } from '../model/errors.ts';
import type { EngineService } from '../services/types.ts';
import { labels } from '../steps/labels.ts';

const openEngine = async (): Promise<Pick<EngineService, 'inspectImage'>> => (await import('../app.ts')).openEngine();

/**
 * The options with the server.json that an image was built with, where none is given and no recipe has the image's name: built once with
 * SERVER_CONFIG, a server is known by its name alone from then on. The image's label says where the file is; nothing else of a label is used.
 *
 * @throws UserError where that file is gone: what would be guessed instead is another server.
 */
export async function withImageConfig(options: Options, open = openEngine): Promise<Options> {
  const { imageName, imageTag, serverConfig } = options;
  if (serverConfig !== null || recipeNames().includes(imageName.value)) return options;
  const reference = `${imageName.value}:${imageTag}`;
  // An engine that does not answer is told of where it is needed.
  const image = await open()
    .then((engine) => engine.inspectImage(reference))
    .catch(() => null);
  const file = image?.labels[labels.config];
  // An image built on top of it has its labels too, and is another server.
  if (file === undefined || image?.labels[labels.reference] !== reference) return options;
  if (!existsSync(file))
    throw new UserError(`${reference} was built with ${file}, and that file is gone`, 'give the server.json with SERVER_CONFIG (--server-config)');
  return { ...options, serverConfig: file, given: { ...options.given, SERVER_CONFIG: relative(process.cwd(), file) } };
}

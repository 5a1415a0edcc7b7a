import type { ServerRecipe } from '../config/server-recipe.ts';
import type { EngineService } from '../services/types.ts';
import { labels } from './labels.ts';
import { readServerInputs } from './server-inputs.ts';

/** Whether a recipe's image is there and needs no build. Only for recipes that are built from their own folder. */
export async function isImageReady(reference: string, recipe: ServerRecipe, engine: Pick<EngineService, 'inspectImage'>): Promise<boolean> {
  const image = await engine.inspectImage(reference);
  if (image === null) return false;
  const inputs = image.labels[labels.inputs];
  // Somebody else's image is used as it is.
  if (inputs === undefined || recipe.build?.context !== '.') return true;
  return inputs === (await readServerInputs(recipe, recipe.dir)).hash;
}

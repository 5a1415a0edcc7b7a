import type { Options } from '../config/options.ts';
import { findRecipe } from '../config/server-recipe.ts';
import type { ChangeListener, SourceChanges } from './source-changes.ts';

/** Watches the sources of the server under test. The libraries are loaded when it is asked for: a first frame does not wait for them. */
export async function watchSources(options: Options, listener: ChangeListener): Promise<SourceChanges> {
  const [{ watchChanges }, { openWatches }] = await Promise.all([import('./source-changes.ts'), import('../app.ts')]);
  return watchChanges({ options, recipe: findRecipe(options.imageName.value, options.serverConfig), watches: openWatches() }, listener);
}

import { relative } from 'node:path';
import { knownFailuresFile, readKnownFailures } from '../config/known-failures-file.ts';
import type { NfsVersion, Options } from '../config/options.ts';
import { findRecipe, type ServerRecipe } from '../config/server-recipe.ts';
import { EnvironmentError, UserError } from '../model/errors.ts';
import type { KnownFailuresRead, ServerIdentity } from '../model/events.ts';
import { type EnvironmentRecord, readEnvironment } from '../steps/environment.ts';
import type { RunRequest } from './open-run.ts';
import { selectedTestcases } from './testcases.ts';

export const identityOf = (options: Options, recipe: ServerRecipe): ServerIdentity => ({
  name: options.imageName.value,
  title: recipe.title,
  image: `${options.imageName.value}:${options.imageTag}`,
});

/** What was checked before anything of a run exists. */
export interface Checked {
  readonly testcases: readonly string[];
  readonly versions: readonly NfsVersion[];
  readonly attached: EnvironmentRecord | null;
  readonly recipe: ServerRecipe;
  readonly server: ServerIdentity;
  readonly known: KnownFailuresRead | null;
}

/** Checks a request as far as that is possible before anything is started. Throws UserError and EnvironmentError. */
export async function check({ options, goal, attach }: RunRequest): Promise<Checked> {
  const testcases = goal === 'tests' ? await selectedTestcases(options) : [];
  const attached = attach ? await readEnvironment(options) : null;
  if (attach && attached === null) {
    throw new EnvironmentError('no test environment is running', 'start it with `nfstest-tui start-env` (make start-test-env)');
  }
  // A server that runs already is what it is, whatever the settings say now.
  const recipe = findRecipe(attached?.server?.identity.name ?? options.imageName.value, options.serverConfig);
  const server = attached?.server?.identity ?? identityOf(options, recipe);
  const offered = attached?.server?.nfsVersions ?? recipe.nfsVersions;
  const versions = options.nfsVersions.filter((version) => offered.includes(version));
  // One setting shall do for several servers: of a list those that a server does not have are left out, and that is said.
  if (versions.length === 0) {
    throw new UserError(`${server.title} does not serve NFS version ${options.nfsVersions.join(', ')}`, `use --nfs-version with one of ${offered.join(', ')}`);
  }
  return { testcases, versions, attached, recipe, server, known: await expected(options, server.name) };
}

/** The failures that are expected of this server; null where there are none. */
export async function expected({ knownFailures, strict }: Options, serverName: string): Promise<KnownFailuresRead | null> {
  const file = knownFailuresFile(knownFailures, serverName);
  const entries = file === null ? [] : await readKnownFailures(file);
  if (file === null || entries.length === 0) return null;
  return { type: 'known-failures.read', source: relative(process.cwd(), file.path), strict, entries };
}

/** The recipe as it is now. One whose Dockerfile is gone would test the old image and call it new. */
export function reload(server: ServerIdentity, options: Options): ServerRecipe {
  const recipe = findRecipe(server.name, options.serverConfig);
  const { image } = identityOf(options, recipe);
  if (image !== server.image) {
    throw new UserError(
      `the server that runs is ${server.image}, not ${image}, and can't be built again from its recipe`,
      `start again with --image-name=${server.name}`,
    );
  }
  if (recipe.build === null) throw new UserError(`${recipe.dir} holds no Dockerfile any more`, 'put it back; the server that runs is the old one');
  return recipe;
}

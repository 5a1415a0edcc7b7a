import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { isGitUrl, type Options } from '../config/options.ts';
import { packageRoot } from '../config/paths.ts';
import { type BaseImage, recipeNames, type ServerRecipe } from '../config/server-recipe.ts';
import { EnvironmentError, messageOf, UserError } from '../model/errors.ts';
import { closest } from '../model/suggest.ts';
import type { EarthlyService, EngineService, SourceService, VmImageService } from '../services/types.ts';
import { inPhase, progressOf, type StepContext } from './context.ts';
import { DeadlineError, withDeadline } from './deadline.ts';
import { whileEngineAnswers } from './engine-watch.ts';
import { labels } from './labels.ts';
import { readServerInputs } from './server-inputs.ts';

/** Where base images made from Debian packages are kept. */
export const baseImageRepository = 'nfstest-tui/base';

const phase = 'server-image';

export interface ServerImageServices {
  readonly engine: EngineService;
  readonly images: VmImageService;
  readonly sources: SourceService;
  readonly earthly: EarthlyService;
}

export interface ServerImage {
  readonly reference: string;
  readonly id: string;
  /** What was done, for people. */
  readonly detail: string;
  /** Id of an image that it took the tag from and that could not be removed, because a container runs on it. */
  readonly replaced?: string;
}

/** Finds or builds the image of the server under test; an image whose inputs did not change is used again. */
export function prepareServerImage(options: Options, recipe: ServerRecipe, services: ServerImageServices, context: StepContext): Promise<ServerImage> {
  return inPhase(
    context,
    phase,
    (timed) => whileEngineAnswers(services.engine, timed, (watched) => findOrBuild(options, recipe, services, watched)),
    (image) => image.detail,
  );
}

async function findOrBuild(options: Options, recipe: ServerRecipe, services: ServerImageServices, context: StepContext): Promise<ServerImage> {
  const reference = `${options.imageName.value}:${options.imageTag}`;
  const existing = await services.engine.inspectImage(reference);
  // Somebody else's image is used as it is: building over it would take their tag away.
  if (existing && existing.labels[labels.inputs] === undefined) {
    if (recipe.build !== null) {
      const message = `${reference} was not built by this program and is tested as it is, whatever the source holds; remove it or use another --image-tag to have it built`;
      context.report({ type: 'note.reported', level: 'warning', message });
    }
    return { reference, id: existing.id, detail: `${reference}, not built by this program` };
  }

  if (recipe.build === null) {
    if (existing) return { reference, id: existing.id, detail: reference };
    return pull(reference, options, services.engine, context);
  }
  const contextDir = recipe.build.context === '.' ? recipe.dir : await sourceFolder(options, services.sources, context);
  if (contextDir === null) {
    if (existing) return { reference, id: existing.id, detail: `${reference}, built earlier; ${options.serverSource} holds no source to compare` };
    throw new UserError(
      `can't build ${reference}: ${options.serverSource} holds no Cargo.toml`,
      'set SERVER_SRC (or --server-src) to a checkout or git URL of the server, or use --image-name ganesha',
    );
  }
  return build(reference, recipe, contextDir, existing, options, services, context);
}

const pullInTime = (reference: string, engine: EngineService, context: StepContext): Promise<void> =>
  withDeadline(context, { what: `pulling ${reference}`, ms: context.deadlines.downloadMs, flag: '--download-timeout' }, (timed) =>
    engine.pullImage(reference, { signal: timed.signal, onProgress: progressOf(timed, phase) }),
  );

async function pull(reference: string, options: Options, engine: EngineService, context: StepContext): Promise<ServerImage> {
  try {
    await pullInTime(reference, engine, context);
  } catch (error) {
    context.signal.throwIfAborted();
    // Whether there is such an image is not known.
    if (error instanceof DeadlineError) throw error;
    const near = closest(options.imageName.value, recipeNames());
    throw new UserError(
      `image '${reference}' was not found: the engine has none, no recipe has that name, and it can't be pulled (${messageOf(error)})`,
      near ? `did you mean --image-name ${near}?` : `build or load it first, or use one of ${recipeNames().join(', ')}`,
      { cause: error },
    );
  }
  const image = await engine.inspectImage(reference);
  if (!image) throw new EnvironmentError(`the engine pulled ${reference}, but does not have it`, 'try again');
  return { reference, id: image.id, detail: `${reference}, pulled` };
}

/** The server's source, cloned first where a git URL was given; null where there is none. */
async function sourceFolder(options: Options, sources: SourceService, context: StepContext): Promise<string | null> {
  const source = options.serverSource;
  if (!isGitUrl(source)) return existsSync(join(source, 'Cargo.toml')) ? source : null;
  const target = join(options.buildDir, 'src', createHash('sha256').update(source).digest('hex').slice(0, 12));
  progressOf(context, phase)(`cloning ${source}`);
  const isThere = () => existsSync(join(target, 'Cargo.toml'));
  try {
    await sources.clone({ url: source, ref: null, target, deadlineMs: context.deadlines.downloadMs }, { signal: context.signal });
  } catch (error) {
    context.signal.throwIfAborted();
    if (!isThere()) throw error;
    context.report({ type: 'note.reported', level: 'warning', message: `${messageOf(error)}; using the copy of an earlier run` });
  }
  if (!isThere()) throw new UserError(`${source} holds no Cargo.toml`, 'give the repository of a server that cargo builds');
  return target;
}

async function build(
  reference: string,
  recipe: ServerRecipe,
  contextDir: string,
  existing: { readonly id: string; readonly labels: Readonly<Record<string, string>> } | null,
  options: Options,
  services: ServerImageServices,
  context: StepContext,
): Promise<ServerImage> {
  const { dockerfile, ignoreFile, hash: inputs } = await readServerInputs(recipe, contextDir);
  const config: Record<string, string> = options.serverConfig === null ? {} : { [labels.config]: options.serverConfig };
  const isKnown = options.serverConfig === null || existing?.labels[labels.config] === options.serverConfig;
  if (existing?.labels[labels.inputs] === inputs && isKnown) return { reference, id: existing.id, detail: `${reference}, unchanged` };

  const progress = progressOf(context, phase);
  const earthly = options.builder === 'engine' ? null : await services.earthly.find();
  if (options.builder === 'earthly' && earthly === null) throw new UserError('neither earth nor earthly is installed', 'install one, or use BUILDER=engine');
  if (earthly !== null) {
    try {
      progress(`${earthly} +server-docker`);
      const args = { IMAGE_NAME: options.imageName.value, IMAGE_TAG: options.imageTag, SERVER_SRC: contextDir, INPUTS: inputs };
      await services.earthly.run(
        { command: earthly, dir: packageRoot, target: '+server-docker', args },
        { signal: context.signal, onOutput: (chunk) => context.log('build', chunk) },
      );
      const image = await services.engine.inspectImage(reference);
      if (image) return { reference, id: image.id, detail: `${reference}, built by ${earthly}` };
      throw new EnvironmentError(`${earthly} built ${reference}, but the engine does not have it`, 'check which engine it saves to');
    } catch (error) {
      context.signal.throwIfAborted();
      if (options.builder === 'earthly') throw error;
      context.report({ type: 'note.reported', level: 'warning', message: `${messageOf(error)}; using the engine's own build` });
    }
  }
  const bases: Record<string, string> = {};
  for (const [argument, base] of Object.entries(recipe.build?.baseImages ?? {})) bases[argument] = await findBase(base, services, context);
  progress(`building ${reference}`);
  const image = await services.engine.buildImage(
    {
      reference,
      contextDir,
      dockerfile,
      ignoreFile,
      args: { ...recipe.build?.args, ...bases },
      labels: { [labels.inputs]: inputs, [labels.reference]: reference, ...config },
    },
    {
      signal: context.signal,
      onOutput: (chunk) => {
        context.log('build', chunk);
        const step = /^Step \d+\/\d+ : .*/m.exec(String(chunk))?.[0];
        if (step) progress(step);
      },
    },
  );
  // The image that this one replaces has lost its tag; nobody would find it again.
  const isRemoved = !existing || existing.id === image.id || (await remove(existing.id, services.engine));
  return { reference, id: image.id, detail: `${reference}, built`, ...(isRemoved ? {} : { replaced: existing.id }) };
}

const remove = (id: string, engine: EngineService): Promise<boolean> =>
  engine.removeImage(id).then(
    () => true,
    () => false,
  );

/** A base image that the engine has, can pull, or, where no registry answers, gets from Debian packages. */
async function findBase(base: BaseImage, { engine, images }: ServerImageServices, context: StepContext): Promise<string> {
  const progress = progressOf(context, phase);
  const key = createHash('sha256')
    .update(JSON.stringify([base.debianSuite, base.packages]))
    .digest('hex')
    .slice(0, 12);
  const ours = `${baseImageRepository}:${base.debianSuite}-${key}`;
  for (const known of [base.image, ours]) if (await engine.inspectImage(known)) return known;
  let refusal: unknown;
  try {
    progress(`pulling ${base.image}`);
    await pullInTime(base.image, engine, context);
    return base.image;
  } catch (error) {
    context.signal.throwIfAborted();
    refusal = error;
  }
  context.report({ type: 'note.reported', level: 'info', message: `${base.image} can't be pulled; making a base image from Debian packages` });
  progress(`debootstrapping ${base.debianSuite}`);
  try {
    const { tar, done } = images.debianRootfs(
      { suite: base.debianSuite, packages: base.packages },
      { signal: context.signal, onOutput: (chunk) => context.log('build', chunk) },
    );
    await Promise.all([engine.importImage(ours, tar, { signal: context.signal }), done]);
  } catch (error) {
    // A cut-off stream may have become an image all the same.
    await engine.removeImage(ours).catch(() => {});
    context.signal.throwIfAborted();
    throw new EnvironmentError(
      `no base image: ${messageOf(refusal)}; and from Debian packages: ${messageOf(error)}`,
      'check the network, or load the image by `docker load`',
      {
        cause: error,
      },
    );
  }
  return ours;
}

import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { isGitUrl, type Options } from '../config/options.ts';
import { asset, programVersion } from '../config/paths.ts';
import { EnvironmentError, messageOf, UserError } from '../model/errors.ts';
import type { SuiteIdentity } from '../model/events.ts';
import { posixScript } from '../model/suite-script.ts';
import type { SourceService } from '../services/types.ts';
import { contentHash } from './content-hash.ts';
import { inPhase, progressOf, type StepContext } from './context.ts';

const phase = 'suite-source';

/** NFStest's repository often doesn't answer, and the bundled suite is ready: nobody waits long. */
const upstreamDeadlineMs = 15_000;
/** How long a failed clone is not tried again. */
const retryAfterMs = 60 * 60 * 1000;

/** Path of a script inside a suite's folder; the bundled suite has the layout of NFStest. */
export const scriptPath = (script: string): string => join('test', script);

/** What every suite has. */
export const suiteProgram = scriptPath(posixScript);

export interface Suite {
  readonly identity: SuiteIdentity;
  /** Folder to upload. */
  readonly dir: string;
}

/** What does not go into the guest, nor into the digest. */
export const isLeftOut = (path: string): boolean => ['.git', '__pycache__', '.github'].includes(basename(path));

const digests = new WeakMap<Suite, Promise<string>>();

/** Digest of all that is uploaded: a VM that was saved with the same needs no upload. */
export function suiteDigest(suite: Suite): Promise<string> {
  const digest = digests.get(suite) ?? contentHash(asset('runner'), 'runner', isLeftOut).then((runner) => contentHash(suite.dir, runner, isLeftOut));
  digests.set(suite, digest);
  return digest;
}

/** Finds the suite: NFSTEST_SRC, the cached clone, a new clone, the bundled one, as far as SUITE allows. */
export function prepareSuite(options: Options, sources: SourceService, context: StepContext): Promise<Suite> {
  return inPhase(
    context,
    phase,
    async (timed) => {
      const found = await findSuite(options, sources, timed);
      const { suiteScript: script } = options;
      const suite = script === posixScript ? found : { ...found, identity: { ...found.identity, script } };
      context.report({ type: 'suite.resolved', suite: suite.identity });
      return suite;
    },
    ({ identity }) => suiteTitle(identity),
  );
}

/** For people: which suite it is. */
export const suiteTitle = ({ kind, version }: SuiteIdentity): string =>
  `${kind === 'bundled' ? 'bundled POSIX suite (not NFStest)' : 'NFStest'}${version ? ` ${version}` : ''}`;

const bundled = (): Suite => ({ identity: { kind: 'bundled', version: programVersion, source: asset('suite') }, dir: asset('suite') });

const cloneOf = ({ buildDir }: Pick<Options, 'buildDir'>, text: string): string =>
  join(buildDir, 'src', `nfstest-${createHash('sha256').update(text).digest('hex').slice(0, 12)}`);

/** The checkout of NFStest that is on this machine already: NFSTEST_SRC, or a clone of an earlier run; null where there is none. */
export function localSuite(options: Pick<Options, 'nfstestSource' | 'nfstestRepository' | 'nfstestTag' | 'buildDir'>): string | null {
  const { nfstestSource: source, nfstestRepository: url, nfstestTag: ref } = options;
  if (source !== '' && !isGitUrl(source)) return source;
  const clone = cloneOf(options, source === '' ? `${url} ${ref}` : source);
  return existsSync(join(clone, suiteProgram)) ? clone : null;
}

async function findSuite(options: Options, sources: SourceService, context: StepContext): Promise<Suite> {
  if (options.suite === 'bundled') return bundled();
  const source = options.nfstestSource;
  if (source !== '' && !isGitUrl(source)) return nfstest(source, source, sources);

  if (source !== '') {
    const target = cloneOf(options, source);
    if (!existsSync(join(target, suiteProgram))) {
      progressOf(context, phase)(`cloning ${source}`);
      await sources.clone({ url: source, ref: null, target, deadlineMs: context.deadlines.downloadMs }, { signal: context.signal });
    }
    return nfstest(target, source, sources);
  }

  const { nfstestRepository: url, nfstestTag: ref } = options;
  const target = cloneOf(options, `${url} ${ref}`);
  if (existsSync(join(target, suiteProgram))) return nfstest(target, url, sources);
  const failure = `${target}.unreachable`;
  try {
    const earlier = options.suite === 'auto' ? await recentFailure(failure) : null;
    if (earlier !== null) throw new EnvironmentError(earlier, 'set NFSTEST_SRC');
    progressOf(context, phase)(`cloning ${url}`);
    const { downloadMs } = context.deadlines;
    const deadlineMs = options.suite === 'nfstest' ? downloadMs : Math.min(downloadMs, upstreamDeadlineMs);
    await sources.clone({ url, ref, target, deadlineMs }, { signal: context.signal });
    await rm(failure, { force: true });
    return await nfstest(target, url, sources);
  } catch (error) {
    context.signal.throwIfAborted();
    if (options.suite === 'nfstest') {
      throw new EnvironmentError(messageOf(error), 'set NFSTEST_SRC to a checkout of NFStest, or use --suite auto for the bundled suite', { cause: error });
    }
    await mkdir(dirname(failure), { recursive: true });
    if ((await recentFailure(failure)) === null) await writeFile(failure, messageOf(error));
    context.report({
      type: 'note.reported',
      level: 'warning',
      message: `NFStest can't be had (${messageOf(error)}); the bundled suite runs instead. Set NFSTEST_SRC to a checkout to run NFStest`,
    });
    return bundled();
  }
}

async function recentFailure(path: string): Promise<string | null> {
  try {
    const { mtimeMs } = await stat(path);
    return Date.now() - mtimeMs < retryAfterMs ? await readFile(path, 'utf8') : null;
  } catch {
    return null;
  }
}

async function nfstest(dir: string, source: string, sources: SourceService): Promise<Suite> {
  if (!existsSync(join(dir, suiteProgram))) {
    throw new UserError(`${dir} is no NFStest checkout: it has no ${suiteProgram}`, 'set NFSTEST_SRC to the folder that holds NFStest’s test/ and nfstest/');
  }
  return { identity: { kind: 'nfstest', version: await sources.describeVersion(dir), source }, dir };
}

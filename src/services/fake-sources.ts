import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { EnvironmentError } from '../model/errors.ts';
import type { Cancellable, EarthlyService, OnBytes, SourceService } from './types.ts';

/** Repositories as lists of files. */
export class FakeSourceService implements SourceService {
  /** Files (path to text) by URL. Others can't be cloned. */
  readonly repositories = new Map<string, Record<string, string>>();
  /** `git describe` by folder. */
  readonly versions = new Map<string, string>();
  /** URLs that were cloned, with `@ref`. */
  readonly cloned: string[] = [];
  cloneMs = 0;

  async clone({ url, ref, target }: { url: string; ref: string | null; target: string; deadlineMs: number }, { signal }: Cancellable): Promise<void> {
    this.cloned.push(ref === null ? url : `${url}@${ref}`);
    await sleep(this.cloneMs, undefined, { signal }).catch(() => signal.throwIfAborted());
    const files = this.repositories.get(url);
    if (!files) throw new EnvironmentError(`could not clone ${url}: no answer within 15 s`, 'check the address and the network, or give a folder');
    for (const [path, text] of Object.entries(files)) {
      await mkdir(dirname(join(target, path)), { recursive: true });
      await writeFile(join(target, path), text);
    }
  }

  async describeVersion(dir: string): Promise<string | null> {
    return this.versions.get(dir) ?? null;
  }
}

/** An Earthly that is not installed until `command` says so. */
export class FakeEarthlyService implements EarthlyService {
  command: string | null = null;
  failure: string | null = null;
  /** What its build does, for example adding an image to an engine. */
  onRun: () => void = () => {};
  readonly runs: { readonly target: string; readonly args: Readonly<Record<string, string>> }[] = [];

  async find(): Promise<string | null> {
    return this.command;
  }

  async run(
    { target, args }: { command: string; dir: string; target: string; args: Readonly<Record<string, string>> },
    { signal, onOutput }: Cancellable & { onOutput: OnBytes },
  ): Promise<void> {
    signal.throwIfAborted();
    this.runs.push({ target, args });
    onOutput('+server-docker | --> FROM\n');
    if (this.failure !== null) throw new EnvironmentError(this.failure, 'the build log has its output; BUILDER=engine does without it');
    this.onRun();
  }
}

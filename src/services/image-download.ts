import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { EnvironmentError, messageOf } from '../model/errors.ts';
import type { Cancellable, ReportProgress } from './types.ts';

/** fetch says only that it failed; its cause says why. */
const causeOf = (error: unknown) => (error instanceof Error && error.cause instanceof Error ? error.cause : error);

/** The SHA-512 sum that is published beside a file. */
export async function publishedSum(url: string, signal: AbortSignal): Promise<string> {
  const response = await request(url, signal);
  const sum = /^[0-9a-f]{128}/.exec(await response.text())?.[0];
  if (sum === undefined) throw new EnvironmentError(`${url} holds no SHA-512 sum`, 'set ALPINE_SHA512_AARCH64 (or _X86_64), or VM_SOURCE=debian');
  return sum;
}

async function request(url: string, signal: AbortSignal): Promise<Response> {
  try {
    const response = await fetch(url, { signal });
    // A redirect could leave https without a word.
    if (url.startsWith('https:') && !response.url.startsWith('https:')) throw new Error(`it leads to ${response.url}, without https`);
    if (response.ok) return response;
    throw new Error(`HTTP ${response.status}`);
  } catch (error) {
    signal.throwIfAborted();
    throw new EnvironmentError(`could not download ${url}: ${messageOf(causeOf(error))}`, 'check the network, or use VM_SOURCE=debian', { cause: error });
  }
}

/** Downloads a file that only its owner may read: a guest that boots from it writes its private host key there. Returns the SHA-512 sum of what was written. */
export async function download(url: string, path: string, { signal, onProgress }: Cancellable & { onProgress: ReportProgress }): Promise<string> {
  const response = await request(url, signal);
  const total = Number(response.headers.get('content-length') ?? 0);
  const hash = createHash('sha512');
  let received = 0;
  const meter = new Transform({
    transform(chunk: Buffer, _encoding, next) {
      hash.update(chunk);
      received += chunk.length;
      onProgress(`downloaded ${(received / 2 ** 20).toFixed(0)} MiB`, total > 0 ? received / total : null);
      next(null, chunk);
    },
  });
  if (response.body === null) throw new EnvironmentError(`${url} is empty`, 'try again');
  try {
    await pipeline(Readable.fromWeb(response.body), meter, createWriteStream(path, { mode: 0o600 }), { signal });
  } catch (error) {
    signal.throwIfAborted();
    if ((error as NodeJS.ErrnoException).code === 'ENOSPC') throw new EnvironmentError('the disk is full', 'free some space and try again', { cause: error });
    throw new EnvironmentError(`the download of ${url} broke off: ${messageOf(causeOf(error))}`, 'try again, or use VM_SOURCE=debian', { cause: error });
  }
  const { size } = await stat(path);
  if (total > 0 && size !== total) throw new EnvironmentError(`the download of ${url} ended early`, 'try again');
  return hash.digest('hex');
}

import { setTimeout as sleep } from 'node:timers/promises';
import type Docker from 'dockerode';
import { isAbort } from '../model/errors.ts';
import { EngineGone, EngineTimeout, inTime, statusOf } from './docker-http.ts';
import type { EngineAbsence } from './types.ts';

/** How long an engine may be silent. */
export interface EnginePatience {
  /** For a single call, and for an engine that takes connections and answers none. */
  readonly callMs: number;
  /** For one that takes no connections: one that is restarted is back sooner, and its containers may have gone on. */
  readonly lossMs: number;
}

/** For a sign of life of an engine whose connections broke. */
const pingMs = 2_000;
/** The part of a call's time that a sign of life may take before one: a busy engine takes longer for everything. */
const doubtShare = 1 / 5;
const retryMs = 250;
/** All connections that break at once are one absence. */
const gatherMs = 100;

/** dockerode's types know no options of `ping`. */
interface Pinged {
  ping(options: { readonly abortSignal: AbortSignal }): Promise<unknown>;
}

type Answer = 'answered' | 'silent' | 'refused';

/** What is known of an engine's being there. */
export class EngineLink {
  readonly patience: EnginePatience;
  readonly #docker: Pinged;
  readonly #listeners = new Set<(absence: EngineAbsence) => void>();
  /** It did not answer when something was last asked of it, or whoever watches it says so. */
  #doubtful = false;
  #search: Promise<boolean> | undefined;

  /** `docker` opens a connection for each call, which keeps no program running. */
  constructor(docker: Docker, patience: EnginePatience) {
    this.#docker = docker as unknown as Pinged;
    this.patience = patience;
  }

  onAbsence(listener: (absence: EngineAbsence) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  async ping(timeoutMs: number): Promise<boolean> {
    return (await this.#ask(timeoutMs)) === 'answered';
  }

  doubt(): void {
    this.#doubtful = true;
  }

  /** A single call, bounded; an engine that was silent when last asked has to answer a ping first, so that one that is gone is waited for once and not at every call. */
  async call<T>(request: () => Promise<T>, ms = this.patience.callMs): Promise<T> {
    if (this.#doubtful && !(await this.ping(Math.min(Math.max(pingMs, this.patience.callMs * doubtShare), ms)))) throw new EngineGone();
    try {
      return await inTime(ms, request());
    } catch (error) {
      if (error instanceof EngineTimeout) this.#doubtful = true;
      throw error;
    }
  }

  /** To be asked where a connection broke: resolves when the engine answers again, with false when it stays away. Whoever asks meanwhile shares the answer. */
  isBack(): Promise<boolean> {
    this.#search ??= this.#untilBack().finally(() => {
      this.#search = undefined;
    });
    return this.#search;
  }

  async #untilBack(): Promise<boolean> {
    const startMs = performance.now();
    const { callMs, lossMs } = this.patience;
    let awayMs = 0;
    let refusedMs = 0;
    let told = false;
    await sleep(gatherMs, undefined, { ref: false });
    for (;;) {
      const askedAtMs = performance.now();
      const answer = await this.#ask(Math.min(pingMs, callMs));
      if (answer === 'answered') {
        this.#tell({ state: 'back', awayMs: Math.round(performance.now() - startMs) });
        return true;
      }
      if (!told) this.#tell({ state: 'away', lossMs: answer === 'refused' ? lossMs : callMs });
      told = true;
      await sleep(retryMs, undefined, { ref: false });
      const tookMs = performance.now() - askedAtMs;
      // This process was stopped meanwhile: the ask says nothing of the engine.
      if (tookMs > 2 * (pingMs + retryMs)) continue;
      awayMs += tookMs;
      refusedMs = answer === 'refused' ? refusedMs + tookMs : 0;
      if (refusedMs >= lossMs || awayMs >= Math.max(callMs, lossMs)) return false;
    }
  }

  async #ask(timeoutMs: number): Promise<Answer> {
    try {
      await this.#docker.ping({ abortSignal: AbortSignal.timeout(timeoutMs) });
      this.#doubtful = false;
      return 'answered';
    } catch (error) {
      // Whatever it says, it says something.
      this.#doubtful = statusOf(error) === undefined;
      if (!this.#doubtful) return 'answered';
      return isAbort(error) ? 'silent' : 'refused';
    }
  }

  #tell(absence: EngineAbsence): void {
    for (const listener of this.#listeners) listener(absence);
  }
}

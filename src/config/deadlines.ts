import { UserError } from '../model/errors.ts';

/** How long each wait of a run may take, in milliseconds; docs/deadlines.md lists what each of them bounds. */
export interface Deadlines {
  /** Each download: VM image, image pulled from a registry, clone. */
  readonly downloadMs: number;
  /** Building the server's image, and making the VM's. */
  readonly buildMs: number;
  /** From QEMU's start until the client VM is ready. */
  readonly bootMs: number;
  /** Logging in to the client VM; bringing the suite there. */
  readonly connectMs: number;
  /** From the container's start until the server answers; null: as its server.json says. */
  readonly serverMs: number | null;
  /** A suite that prints nothing for so long hangs. */
  readonly silenceMs: number;
  /** Server or client that do not answer for so long while the testcases run are lost. */
  readonly answerMs: number;
  /** One call to the container engine that only asks, starts or removes; one question to a tool. */
  readonly engineMs: number;
  /** The whole run, from its first step. */
  readonly runMs: number;
}

/** `90s`, `30m`, `2h`, `1h30m` or a number of seconds, to milliseconds. */
export function parseDuration(text: string, key?: string): number {
  const match = /^(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s?)?$/.exec(text);
  const seconds = match ? Number(match[1] ?? 0) * 3600 + Number(match[2] ?? 0) * 60 + Number(match[3] ?? 0) : 0;
  if (seconds <= 0 || seconds > 7 * 24 * 3600)
    throw new UserError(`${key === undefined ? '' : `${key}: `}'${text}' is no duration`, 'use for example 90s, 30m or 2h');
  return seconds * 1000;
}

/** `settingOf` gives a setting as it was typed. Throws UserError. */
export function deadlinesOf(settingOf: (key: string) => string): Deadlines {
  const duration = (key: string) => parseDuration(settingOf(key), key);
  return {
    downloadMs: duration('DOWNLOAD_TIMEOUT'),
    buildMs: duration('BUILD_TIMEOUT'),
    bootMs: duration('BOOT_TIMEOUT'),
    connectMs: duration('CONNECT_TIMEOUT'),
    serverMs: settingOf('SERVER_TIMEOUT') === '' ? null : duration('SERVER_TIMEOUT'),
    silenceMs: duration('SILENCE_TIMEOUT'),
    answerMs: duration('ANSWER_TIMEOUT'),
    engineMs: duration('ENGINE_TIMEOUT'),
    runMs: duration('RUN_TIMEOUT'),
  };
}

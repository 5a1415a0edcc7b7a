import { constants, setPriority } from 'node:os';
import { execa } from 'execa';
import { EnvironmentError, messageOf } from '../model/errors.ts';
import type { WireCall } from '../model/wire.ts';
import { callsOf, tsharkArguments } from '../wire/tshark.ts';
import type { Cancellable, DecodeRequest, WireDecoder } from './types.ts';

/** The largest capture that the ring holds takes 20 s on a slow machine. */
const decodeDeadlineMs = 120_000;

function lowerPriority(pid: number): void {
  try {
    setPriority(pid, constants.priority.PRIORITY_LOW);
  } catch {
    // It has ended already, or the system does not allow it.
  }
}

/** Decodes captures with Wireshark's tshark, where it is installed. */
export class TsharkDecoder implements WireDecoder {
  readonly #command: string;
  #description: Promise<string | null> | null = null;

  constructor({ command = 'tshark' } = {}) {
    this.#command = command;
  }

  /** Asked once. */
  describe(): Promise<string | null> {
    this.#description ??= execa(this.#command, ['--version'], { stdin: 'ignore', timeout: 10_000 }).then(
      ({ stdout }) => /^TShark.*?(\d+\.\d+\.\d+)/.exec(stdout)?.[1] ?? 'unknown version',
      () => null,
    );
    return this.#description;
  }

  async decode({ file, ports }: DecodeRequest, { signal }: Cancellable): Promise<readonly WireCall[]> {
    try {
      // As root tshark warns on standard error, and a capture that was cut off in a packet is one all the same.
      const child = execa(this.#command, tsharkArguments(file, ports), {
        stdin: 'ignore',
        stderr: 'pipe',
        buffer: { stdout: false },
        cancelSignal: signal,
        timeout: decodeDeadlineMs,
      });
      // What it needs is taken from nobody: an emulated client is slow enough.
      if (child.pid !== undefined) lowerPriority(child.pid);
      const lines: string[] = [];
      for await (const line of child.iterable()) lines.push(line);
      await child;
      return callsOf(lines);
    } catch (error) {
      throw new EnvironmentError(`tshark can’t read ${file}: ${messageOf(error).split('\n')[0]}`, `try it by hand: tshark -r ${file}`, { cause: error });
    }
  }
}

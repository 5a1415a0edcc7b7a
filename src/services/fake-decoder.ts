import { EnvironmentError } from '../model/errors.ts';
import type { WireCall } from '../model/wire.ts';
import type { Cancellable, DecodeRequest, WireDecoder } from './types.ts';

/** Says of every capture what it is told to. */
export class FakeDecoder implements WireDecoder {
  version: string | null = '4.0.17';
  calls: readonly WireCall[] = [];
  /** Decoding fails with this message. */
  failure: string | null = null;
  readonly requests: DecodeRequest[] = [];

  async describe(): Promise<string | null> {
    return this.version;
  }

  async decode(request: DecodeRequest, { signal }: Cancellable): Promise<readonly WireCall[]> {
    signal.throwIfAborted();
    this.requests.push(request);
    if (this.failure !== null) throw new EnvironmentError(this.failure, 'try it by hand');
    return this.calls;
  }
}

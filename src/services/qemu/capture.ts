import { rm, stat } from 'node:fs/promises';
import { EnvironmentError, messageOf } from '../../model/errors.ts';
import type { CaptureSpec, VmCapture } from '../types.ts';
import { QmpSession } from './qmp.ts';

/** The network device's back end; see command-line.ts. */
const netdev = 'net0';
const idPrefix = 'capture';
const pollMs = 250;

/**
 * Records the guest's traffic with QEMU's filter-dump (QEMU's manual, "filter-dump") as a ring of files, while the guest runs.
 * The object is added by the monitor and not by the command line, because a saved VM fits its own command line alone.
 */
export class QemuCapture implements VmCapture {
  readonly #qmpSocket: string;
  readonly #spec: CaptureSpec;
  readonly #files: string[] = [];
  #count = 0;
  #timer: NodeJS.Timeout | undefined;
  #working: Promise<void> = Promise.resolve();
  #ending: Promise<void> | null = null;

  private constructor(qmpSocket: string, spec: CaptureSpec) {
    this.#qmpSocket = qmpSocket;
    this.#spec = spec;
  }

  /** @throws EnvironmentError where QEMU refuses. */
  static async start(qmpSocket: string, spec: CaptureSpec): Promise<QemuCapture> {
    const capture = new QemuCapture(qmpSocket, spec);
    try {
      await capture.#monitor(async (session) => {
        // A process that was killed has left its own, which would grow for ever.
        const objects = (await session.execute('qom-list', { path: '/objects' })) as readonly { readonly name: string }[];
        for (const { name } of objects) if (name.startsWith(idPrefix)) await session.execute('object-del', { id: name });
        await capture.#next(session);
      });
    } catch (error) {
      throw new EnvironmentError(`the traffic can’t be captured: ${messageOf(error)}`, 'use --pcap never to do without', { cause: error });
    }
    capture.#watch();
    return capture;
  }

  segments(): readonly string[] {
    return [...this.#files];
  }

  stop(): Promise<void> {
    this.#ending ??= this.#end();
    return this.#ending;
  }

  async #end(): Promise<void> {
    clearTimeout(this.#timer);
    await this.#working;
    // Where the VM is gone its capture is, too.
    await this.#monitor((session) => session.execute('object-del', { id: `${idPrefix}${this.#count}` })).catch(() => {});
    await Promise.all(this.#files.splice(0).map((file) => rm(file, { force: true })));
  }

  #watch(): void {
    this.#timer = setTimeout(() => {
      // A VM that is gone is somebody else's news.
      this.#working = this.#rotateWhereFull()
        .catch(() => {})
        .then(() => {
          if (this.#ending === null) this.#watch();
        });
    }, pollMs);
    this.#timer.unref();
  }

  async #rotateWhereFull(): Promise<void> {
    const { size } = await stat(this.#files.at(-1) ?? '');
    if (size < this.#spec.segmentBytes) return;
    await this.#monitor(async (session) => {
      const old = `${idPrefix}${this.#count}`;
      // The new one first: a packet may be in both, but none in neither.
      await this.#next(session);
      await session.execute('object-del', { id: old });
    });
    for (const file of this.#files.splice(0, this.#files.length - this.#spec.segments)) await rm(file, { force: true });
  }

  async #next(session: QmpSession): Promise<void> {
    this.#count += 1;
    const file = `${this.#spec.prefix}${this.#count}.pcap`;
    await session.execute('object-add', { 'qom-type': 'filter-dump', id: `${idPrefix}${this.#count}`, netdev, file });
    this.#files.push(file);
  }

  async #monitor<T>(use: (session: QmpSession) => Promise<T>): Promise<T> {
    const session = await QmpSession.open(this.#qmpSocket);
    try {
      return await use(session);
    } finally {
      session.close();
    }
  }
}

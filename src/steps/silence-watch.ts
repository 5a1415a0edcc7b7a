/** Notices a suite that prints nothing for too long. */
export class SilenceWatch {
  readonly #timer: NodeJS.Timeout;

  constructor(silenceMs: number, onSilent: () => void) {
    this.#timer = setTimeout(onSilent, silenceMs);
  }

  /** It printed something. */
  heard(): void {
    this.#timer.refresh();
  }

  end(): void {
    clearTimeout(this.#timer);
  }
}

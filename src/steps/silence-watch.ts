/** A process that was stopped for a while finds one slice over when it goes on, not all of them: what it watches was perhaps stopped, too. */
const slices = 5;

/** Notices a suite that prints nothing for too long. */
export class SilenceWatch {
  readonly #timer: NodeJS.Timeout;
  #silentSlices = 0;

  constructor(silenceMs: number, onSilent: () => void) {
    this.#timer = setInterval(() => {
      this.#silentSlices += 1;
      if (this.#silentSlices < slices) return;
      this.end();
      onSilent();
    }, silenceMs / slices);
  }

  /** It printed something. */
  heard(): void {
    this.#silentSlices = 0;
    this.#timer.refresh();
  }

  end(): void {
    clearInterval(this.#timer);
  }
}

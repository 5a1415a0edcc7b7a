/** Operations under way, so that tidying up can wait for those that were cut off. */
export class PendingWork {
  readonly #operations = new Set<Promise<unknown>>();

  track<T>(operation: Promise<T>): Promise<T> {
    this.#operations.add(operation);
    const forget = () => this.#operations.delete(operation);
    operation.then(forget, forget);
    return operation;
  }

  /** Resolves when everything that was under way has ended, well or badly. */
  async settle(): Promise<void> {
    while (this.#operations.size > 0) await Promise.allSettled(this.#operations);
  }
}

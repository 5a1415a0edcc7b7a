/** Changes of a server's sources that are over. */
export interface SourceChange {
  /** Names as people know them. */
  readonly names: readonly string[];
  /** When the first of them was noticed; `performance.now()`. */
  readonly sinceMs: number;
}

/** Two changes as one. */
export const mergeChanges = (earlier: SourceChange | null, later: SourceChange): SourceChange =>
  earlier === null ? later : { names: [...new Set([...earlier.names, ...later.names])], sinceMs: Math.min(earlier.sinceMs, later.sinceMs) };

/** What a figure may do over all rounds and still count as flat. */
export interface Allowance {
  /** Growth from the first counted round to the last, along the line that fits best, in the figure's own unit. */
  readonly growth: number;
}

export interface Trend {
  readonly first: number;
  readonly last: number;
  /** Of the line that fits best, per round. */
  readonly slope: number;
  readonly isFlat: boolean;
}

/** Slope of the line through the points (0, y0), (1, y1), … that has the least squares of errors; 0 for fewer than two. */
export function slopeOf(values: readonly number[]): number {
  const count = values.length;
  if (count < 2) return 0;
  const middle = (count - 1) / 2;
  const mean = values.reduce((sum, value) => sum + value, 0) / count;
  const covariance = values.reduce((sum, value, round) => sum + (round - middle) * (value - mean), 0);
  const variance = values.reduce((sum, _, round) => sum + (round - middle) ** 2, 0);
  return covariance / variance;
}

/** The first rounds load code and fill caches: they are shown and not counted. */
export const warmUpOf = (rounds: number): number => Math.min(5, Math.floor(rounds / 3));

/** Whether a figure grows from round to round. What shrinks is flat. */
export function trendOf(values: readonly number[], { growth }: Allowance): Trend {
  const counted = values.slice(warmUpOf(values.length));
  const slope = slopeOf(counted);
  return { first: values[0] ?? 0, last: values.at(-1) ?? 0, slope, isFlat: slope * Math.max(0, counted.length - 1) <= growth };
}

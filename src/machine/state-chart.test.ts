import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { chartFile, stateChart } from '../../docs/draw-state-chart.ts';

it('docs/state-chart.md shows the machines as they are', () => {
  expect(readFileSync(chartFile, 'utf8'), 'stale: run `npm run docs`').toBe(stateChart());
});

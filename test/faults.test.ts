import { beforeAll, describe, expect, test } from 'vitest';
import { faults } from './faults/index.ts';
import { prepare, runFault } from './faults/run-fault.ts';
import { trouble } from './support/lab.ts';

const quick = faults.filter(({ speed }) => speed === 'quick');

// `make test-faults` inflicts all of them.
describe.skipIf(trouble)('faults that are survived', () => {
  beforeAll(prepare);

  test.each(quick.map((fault) => [fault.name, fault] as const))('%s', async (_, fault) => {
    const { outcome, problems } = await runFault(fault);
    expect(problems).toEqual([]);
    expect(outcome).toBe('survived');
  });
});

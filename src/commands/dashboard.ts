import type { ExitCode } from '../model/exit-codes.ts';
import { run } from './run.ts';
import type { CommandInput } from './types.ts';

export const runDashboard = (input: CommandInput): Promise<ExitCode> => run(input, { goal: 'tests', parts: { server: true, vm: true }, attach: false });

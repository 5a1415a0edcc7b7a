import { readDefaults } from './defaults-file.ts';
import { type Options, resolveOptions, type Values } from './options.ts';

/** Options of a test, as the program makes them: in its own folder, with the program's defaults. */
export const fakeOptions = (cwd: string, flags: Values = {}, environment: Values = {}): Options =>
  resolveOptions({ flags, environment, defaults: readDefaults(), cwd });

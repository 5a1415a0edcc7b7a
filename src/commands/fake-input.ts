import { fakeOptions } from '../config/fake-options.ts';
import type { CommandInput } from './types.ts';

/** What a command gets, in a folder of its own; `text` is what it printed so far. */
export function fakeInput(
  cwd: string,
  words: readonly string[],
  { flags = {}, switches = [] }: { flags?: Record<string, string>; switches?: readonly string[] } = {},
) {
  let text = '';
  const options = fakeOptions(cwd, flags);
  const input: CommandInput = {
    options,
    setting: (key) => flags[key] ?? '',
    switches: new Set(switches),
    words,
    write: (part) => {
      text += part;
    },
    isTerminal: false,
    color: false,
  };
  return {
    input,
    get text() {
      return text;
    },
  };
}

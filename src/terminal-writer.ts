import { onlyColours } from './model/terminal-text.ts';

/** Where text goes: standard output, as far as it is used here. */
export interface Output {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

/**
 * Writes text; to a terminal without anything but colours that it would obey. A log holds what a server or a guest wrote, and a
 * recording may come from somebody else. A file or a pipe gets the text as it is.
 */
export const terminalWriter =
  (output: Output) =>
  (text: string): void => {
    output.write(output.isTTY ? onlyColours(text) : text);
  };

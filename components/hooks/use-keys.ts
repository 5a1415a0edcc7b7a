import { useInput, usePaste } from 'ink';
import { handleInput } from '../keys/handle-input.ts';
import type { Session } from '../session.ts';

/** The one place where keys come in. Pasted text is no command. */
export function useKeys(session: Session): void {
  useInput((input, key) => handleInput(session, input, key));
  usePaste(() => {});
}

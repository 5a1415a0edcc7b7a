import { createContext, useContext } from 'react';
import type { Session } from '../session.ts';

export const SessionContext = createContext<Session | null>(null);

/** The session that the screen belongs to. */
export function useSession(): Session {
  const session = useContext(SessionContext);
  if (session === null) throw new Error('there is no session around this component');
  return session;
}

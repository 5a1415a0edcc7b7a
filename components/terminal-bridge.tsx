import { type SuspendTerminal, useApp } from 'ink';
import { useEffect } from 'react';

/** Hands Ink's way of giving up the terminal to those outside of its tree. Draws nothing. */
export function TerminalBridge({ onReady }: { readonly onReady: (suspend: SuspendTerminal) => void }) {
  const { suspendTerminal } = useApp();
  useEffect(() => onReady(suspendTerminal), [onReady, suspendTerminal]);
  return null;
}

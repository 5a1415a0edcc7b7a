import { connect } from 'node:net';
import { createInterface } from 'node:readline';

interface QmpMessage {
  readonly QMP?: object;
  readonly id?: string;
  readonly return?: unknown;
  readonly error?: { readonly desc: string };
}

/**
 * Runs one command over a QMP socket and returns its result. Source: QEMU's "QEMU Machine Protocol Specification".
 * `quit` has no result: it resolves when QEMU has closed the connection, which it does at its end.
 * Rejects where nobody listens, the command fails or `timeoutMs` pass.
 */
export function qmp(socketPath: string, command: string, { timeoutMs = 5_000 } = {}): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const socket = connect(socketPath);
    const finish = (act: () => void) => {
      clearTimeout(timer);
      socket.destroy();
      act();
    };
    const timer = setTimeout(() => finish(() => reject(new Error(`QMP: no answer to ${command} within ${timeoutMs} ms`))), timeoutMs);
    socket.on('error', (error) => finish(() => reject(error)));
    socket.on('close', () => finish(() => (command === 'quit' ? resolve(undefined) : reject(new Error('QMP: the connection was closed')))));
    const lines = createInterface({ input: socket });
    lines.on('error', () => {}); // The socket's own handler has it.
    lines.on('line', (line) => {
      const message = parse(line);
      if (message === null) return finish(() => reject(new Error('QMP: somebody else listens there')));
      if (message.QMP) socket.write('{"execute":"qmp_capabilities","id":"hello"}\n');
      else if (message.id === 'hello') socket.write(`${JSON.stringify({ execute: command, id: 'command' })}\n`);
      else if (message.id === 'command') {
        const { error } = message;
        if (error) finish(() => reject(new Error(`QMP: ${error.desc}`)));
        else if (command !== 'quit') finish(() => resolve(message.return));
      }
    });
  });
}

function parse(line: string): QmpMessage | null {
  try {
    return JSON.parse(line) as QmpMessage;
  } catch {
    return null;
  }
}

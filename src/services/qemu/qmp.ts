import { connect } from 'node:net';
import { createInterface } from 'node:readline';

/**
 * Runs one command over a QMP socket and returns its result. Source: QEMU's "QEMU Machine Protocol Specification".
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
      const message = JSON.parse(line) as { QMP?: object; id?: string; return?: unknown; error?: { desc: string } };
      if (message.QMP) socket.write('{"execute":"qmp_capabilities","id":"hello"}\n');
      else if (message.id === 'hello') socket.write(`${JSON.stringify({ execute: command, id: 'command' })}\n`);
      else if (message.id === 'command') {
        finish(() => (message.error ? reject(new Error(`QMP: ${message.error.desc}`)) : resolve(message.return)));
      }
    });
  });
}

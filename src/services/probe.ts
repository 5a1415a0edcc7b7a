import { connect } from 'node:net';
import type { ProbeService } from './types.ts';

/**
 * An ONC RPC call of procedure 0 without credentials, in TCP record marking. Source: RFC 5531, sections 9 and 11.
 */
function nullCall(xid: number, program: number, version: number): Buffer {
  const call = 0;
  const rpcVersion = 2;
  const authNone = [0, 0];
  const words = [xid, call, rpcVersion, program, version, 0, ...authNone, ...authNone];
  const message = Buffer.alloc(4 + words.length * 4);
  message.writeUInt32BE((0x8000_0000 | (words.length * 4)) >>> 0, 0);
  for (const [index, word] of words.entries()) message.writeUInt32BE(word, 4 + index * 4);
  return message;
}

/** Asks NFS servers for a sign of life over TCP. */
export class TcpProbeService implements ProbeService {
  rpcAnswers({
    host,
    port,
    program,
    version,
    timeoutMs,
  }: {
    host: string;
    port: number;
    program: number;
    version: number;
    timeoutMs: number;
  }): Promise<boolean> {
    return new Promise((resolve) => {
      const xid = Math.floor(Math.random() * 2 ** 32);
      const socket = connect({ host, port });
      let reply = Buffer.alloc(0);
      const finish = (answered: boolean) => {
        socket.destroy();
        resolve(answered);
      };
      socket.setTimeout(timeoutMs, () => finish(false));
      socket.on('connect', () => socket.write(nullCall(xid, program, version)));
      socket.on('error', () => finish(false));
      socket.on('close', () => finish(false));
      socket.on('data', (chunk) => {
        reply = Buffer.concat([reply, chunk]);
        // Record mark, xid, message type 1 (reply), reply status 0 (accepted), verifier (2 words), accept status 0 (success).
        if (reply.length >= 28) {
          finish(reply.readUInt32BE(4) === xid && reply.readUInt32BE(8) === 1 && reply.readUInt32BE(12) === 0 && reply.readUInt32BE(24) === 0);
        }
      });
    });
  }
}

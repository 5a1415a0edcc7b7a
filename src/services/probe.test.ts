import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { TcpProbeService } from './probe.ts';

const servers: Server[] = [];
const sockets: Socket[] = [];
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy();
  for (const server of servers.splice(0)) server.close();
});

/** A server that gets the call (without its record mark) and may answer. */
async function serve(onCall: (call: Buffer, socket: Socket) => void): Promise<number> {
  const server = createServer((socket) => {
    sockets.push(socket);
    socket.on('error', () => {});
    socket.on('data', (data) => onCall(data.subarray(4), socket));
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

function reply(...words: number[]): Buffer {
  const message = Buffer.alloc(4 + words.length * 4);
  message.writeUInt32BE(0x8000_0000 + words.length * 4, 0);
  for (const [index, word] of words.entries()) message.writeUInt32BE(word, 4 + index * 4);
  return message;
}

const ask = (port: number, timeoutMs = 5_000) => new TcpProbeService().rpcAnswers({ host: '127.0.0.1', port, program: 100_003, version: 3, timeoutMs });

describe('TcpProbeService', () => {
  it('sends a NULL call of RFC 5531 and takes its success', async () => {
    let call: Buffer = Buffer.alloc(0);
    const port = await serve((data, socket) => {
      call = data;
      socket.write(reply(data.readUInt32BE(0), 1, 0, 0, 0, 0));
    });
    expect(await ask(port)).toBe(true);
    const words = Array.from({ length: call.length / 4 - 1 }, (_, index) => call.readUInt32BE(4 + index * 4));
    // CALL, RPC version 2, program, version, procedure 0, no credentials, no verifier.
    expect(words).toEqual([0, 2, 100_003, 3, 0, 0, 0, 0, 0]);
  });

  it('puts together an answer that comes in pieces', async () => {
    const port = await serve((call, socket) => {
      socket.setNoDelay(true);
      const bytes = reply(call.readUInt32BE(0), 1, 0, 0, 0, 0);
      for (const [index, byte] of bytes.entries()) setTimeout(() => socket.write(Buffer.from([byte])), index);
    });
    expect(await ask(port)).toBe(true);
  });

  it.each<[string, (xid: number) => Buffer]>([
    ['another call', (xid) => reply((xid ^ 1) >>> 0, 1, 0, 0, 0, 0)],
    ['a call instead of a reply', (xid) => reply(xid, 0, 0, 0, 0, 0)],
    ['a denial', (xid) => reply(xid, 1, 1, 0, 2, 2)],
    ['a program that is not there', (xid) => reply(xid, 1, 0, 0, 0, 1)],
    ['another version', (xid) => reply(xid, 1, 0, 0, 0, 2, 4, 4)],
    ['something else altogether', () => Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n')],
  ])('is not content with %s', async (_, answer) => {
    const port = await serve((call, socket) => socket.end(answer(call.readUInt32BE(0))));
    expect(await ask(port)).toBe(false);
  });

  it('gives up on silence, a closed connection and a closed port', async () => {
    expect(await ask(await serve(() => {}), 50)).toBe(false);
    expect(await ask(await serve((_, socket) => socket.end()))).toBe(false);
    expect(await ask(await serve((_, socket) => socket.resetAndDestroy()))).toBe(false);
    expect(await ask(1)).toBe(false);
  });
});

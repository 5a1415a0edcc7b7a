import { describe, expect, it } from 'vitest';
import { LogHub } from './log-hub.ts';

describe('LogHub', () => {
  it('cuts each channel into lines of its own', () => {
    const hub = new LogHub();
    const seen: string[] = [];
    const forget = hub.subscribe((channel, line) => seen.push(`${channel}: ${line}`));
    hub.write('server', 'starting ');
    hub.write('vm', Buffer.from('Linux\nver'));
    hub.write('server', 'up\n');
    hub.end('vm');
    hub.end('server');
    forget();
    hub.write('server', 'unheard\n');
    expect(seen).toEqual(['vm: Linux', 'server: starting up', 'vm: ver']);
    expect(hub.buffers.server.tail(5)).toEqual(['starting up', 'unheard']);
    expect(hub.buffers.suite.tail(5)).toEqual([]);
  });
});

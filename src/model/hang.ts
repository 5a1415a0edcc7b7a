/** What the agent in a client says of its kernel; see nfstest/runner/agent.py. */
export interface ClientHang {
  /** Tasks that wait in the kernel and take no signal but KILL, with the functions that they are in, innermost first. */
  readonly blocked: readonly { readonly pid: number; readonly name: string; readonly stack: readonly string[] }[];
  /** The kernel's list of RPC calls under way, a line each, and the same two seconds later. */
  readonly calls: readonly string[];
  readonly later: readonly string[];
  /** `/proc/net/rpc/nfs`. */
  readonly statistics: string;
}

const isText = (value: unknown): value is string => typeof value === 'string';
const texts = (value: unknown): readonly string[] => (Array.isArray(value) ? value.filter(isText) : []);

/** The agent's answer; null where it is none. */
export function clientHangOf(value: unknown): ClientHang | null {
  if (typeof value !== 'object' || value === null || !('blocked' in value) || !Array.isArray(value.blocked)) return null;
  const { blocked, calls, later, statistics } = value as Record<string, unknown> & { blocked: readonly unknown[] };
  return {
    blocked: blocked.flatMap((entry) => {
      const { pid, name, stack } = (entry ?? {}) as Record<string, unknown>;
      return typeof pid === 'number' && isText(name) ? [{ pid, name, stack: texts(stack) }] : [];
    }),
    calls: texts(calls),
    later: texts(later),
    statistics: isText(statistics) ? statistics : '',
  };
}

/** `dd[347] in rpc_wait_bit_killable`. */
export const blockedTasks = ({ blocked }: Pick<ClientHang, 'blocked'>): readonly string[] =>
  blocked.map(({ pid, name, stack }) => `${name}[${pid}]${stack[0] === undefined ? '' : ` in ${stack[0].replace(/\+0x.*/, '')}`}`);

/** A line of the kernel's list (net/sunrpc/debugfs.c): `…  0x96b48d02  1052 rpc_default_ops [sunrpc] nfsv3 ACCESS a:call_status [sunrpc] q:xprt_pending`. */
const callLine = /(0x[0-9a-f]+)\s+\d+ \S+(?: \[\w+\])? (\w+) (\w+) a:\S+(?: \[\w+\])? q:(\S+)/;

/** Calls that the server was sent and has not answered within two seconds, for example `nfsv3 ACCESS`; each kind once. */
export function owedCalls({ calls, later }: Pick<ClientHang, 'calls' | 'later'>): readonly string[] {
  const sent = (lines: readonly string[]) =>
    lines.flatMap((line) => {
      const [, id, program, procedure, queue] = callLine.exec(line) ?? [];
      return queue === 'xprt_pending' ? [{ id: `${id} ${program} ${procedure}`, what: `${program} ${procedure}` }] : [];
    });
  const still = new Set(sent(later).map(({ id }) => id));
  return [...new Set(sent(calls).flatMap(({ id, what }) => (still.has(id) ? [what] : [])))];
}

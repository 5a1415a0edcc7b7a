import type { EngineResolution } from './engine-socket.ts';
import type { Host } from './host.ts';
import { type Tool, toolsFor } from './tools.ts';

export interface FoundTool {
  readonly tool: Tool;
  /** The program or file that was found; null where none was. */
  readonly path: string | null;
}

/** What is on the machine: enough to plan an installation, quick to find out, changes nothing. */
export interface HostFacts {
  readonly platform: NodeJS.Platform;
  readonly arch: string;
  readonly isRoot: boolean;
  readonly tools: readonly FoundTool[];
  readonly engine: EngineResolution;
  /** What installs packages here: null where this program knows no way. */
  readonly packageManager: 'apt-get' | 'brew' | null;
}

async function firstOf(candidates: readonly string[], find: (candidate: string) => Promise<string | null>): Promise<string | null> {
  for (const candidate of candidates) {
    const found = await find(candidate);
    if (found !== null) return found;
  }
  return null;
}

async function findTool(host: Host, tool: Tool): Promise<FoundTool> {
  const path = await firstOf(tool.commands, async (command) => host.which(command));
  return { tool, path: path ?? (await firstOf(tool.files ?? [], async (file) => ((await host.exists(file)) ? file : null))) };
}

export async function inspectHost(host: Host, forTests = false): Promise<HostFacts> {
  const { platform, arch, isRoot } = host;
  const [tools, engine, apt] = await Promise.all([
    Promise.all(toolsFor({ platform, arch, isRoot, forTests }).map(async (tool) => findTool(host, tool))),
    host.findEngine(),
    platform === 'linux' ? host.which('apt-get') : null,
  ]);
  return { platform, arch, isRoot, tools, engine, packageManager: platform === 'darwin' ? 'brew' : apt === null ? null : 'apt-get' };
}

/**
 * The tools that an installation would bring. An engine that answers needs no program of its own here (it may run
 * anywhere), and one that is installed but stopped needs a start, not a package that could conflict with it.
 */
export function missingTools(facts: HostFacts): Tool[] {
  const isEngineUp = facts.engine.engine !== null;
  const isEngineReachable = isEngineUp || facts.engine.tried.some((attempt) => attempt.explicit || attempt.reason === 'permission denied');
  const forEngine = new Set(['engine', 'iptables']);
  return facts.tools.filter(({ tool, path }) => path === null && !(forEngine.has(tool.id) && isEngineReachable)).map(({ tool }) => tool);
}

/** The names of packages for these tools, each once, in the table's order. */
export function packagesFor(tools: readonly Tool[], packageManager: HostFacts['packageManager']): string[] {
  return [...new Set(tools.flatMap((tool) => (packageManager === 'brew' ? tool.brew : tool.debian)))];
}

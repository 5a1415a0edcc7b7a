import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { AnyStateMachine, AnyStateNode, AnyTransitionDefinition } from 'xstate';
import { fleetMachine } from '../src/machine/fleet-machine.ts';
import { laneMachine, ready } from '../src/machine/lane-machine.ts';
import { runMachine } from '../src/machine/run-machine.ts';

/** `npm run docs` writes docs/state-chart.md from the machines; src/machine/state-chart.test.ts says when it is stale. */
export const chartFile = join(import.meta.dirname, 'state-chart.md');

const idOf = (node: AnyStateNode) => node.path.join('_') || node.key;
const childrenOf = (node: AnyStateNode): AnyStateNode[] => Object.values(node.states);
const ancestors = (node: AnyStateNode): AnyStateNode[] => (node.parent ? [...ancestors(node.parent), node] : [node]);

/** What a transition waits for, in a reader's words. */
function triggerOf(node: AnyStateNode, event: string): string {
  const invoked = node.invoke.find(({ id }) => event.endsWith(`.actor.${id}`));
  const actor = invoked ? nameOf(invoked.src) : '';
  if (event.startsWith('xstate.done.actor')) return `${actor} done`;
  if (event.startsWith('xstate.error.actor')) return `${actor} fails`;
  if (event.startsWith('xstate.done.state')) return 'all done';
  const delay = /^xstate\.after\.(\w+)\./.exec(event)?.[1];
  return delay ? `after ${delay}` : event;
}

const nameOf = (thing: unknown): string => (typeof thing === 'string' ? thing : ((thing as { type?: string } | null)?.type ?? 'inline'));

/** Actors and actions that were given as functions have names that change with the code around them. */
const isNamed = (name: string) => name !== '' && !name.startsWith('xstate.') && name !== 'inline';

function labelOf(node: AnyStateNode, transition: AnyTransitionDefinition): string {
  const actions = transition.actions.map(nameOf).filter(isNamed);
  const guard = transition.guard === undefined ? '' : `[${nameOf(transition.guard)}]`;
  const effect = actions.length > 0 ? `/ ${actions.join(', ')}` : '';
  return [triggerOf(node, transition.eventType), guard, effect].filter((part) => part !== '').join(' ');
}

const transitionsOf = (node: AnyStateNode): AnyTransitionDefinition[] => [...(node.always ?? []), ...[...node.transitions.values()].flat()];

interface Edge {
  readonly owner: AnyStateNode;
  readonly from: AnyStateNode;
  readonly to: AnyStateNode;
  readonly label: string;
}

/** Mermaid can't draw an arrow out of a composite state's inside: it starts and ends at the outermost states that differ. */
function edgesOf(node: AnyStateNode): Edge[] {
  const own = transitionsOf(node).flatMap((transition) =>
    (transition.target ?? []).map((target: AnyStateNode) => {
      const [from, to] = [ancestors(node), ancestors(target)];
      const depth = from.findIndex((ancestor, index) => ancestor !== to[index]);
      const split = depth === -1 ? from.length - 1 : depth;
      const owner = from[split - 1] ?? node;
      return { owner, from: from[split] ?? node, to: to[split] ?? target, label: labelOf(node, transition) };
    }),
  );
  return [...own, ...childrenOf(node).flatMap(edgesOf)];
}

function draw(node: AnyStateNode, edges: readonly Edge[], indent: string): string[] {
  const children = childrenOf(node);
  const lines: string[] = [];
  const [first] = node.initial?.target ?? [];
  if (node.type !== 'parallel' && first) lines.push(`${indent}[*] --> ${idOf(first)}`);
  for (const [index, child] of children.entries()) {
    if (node.type === 'parallel' && index > 0) lines.push(`${indent}--`);
    if (childrenOf(child).length > 0) {
      lines.push(`${indent}state "${child.key}" as ${idOf(child)} {`, ...draw(child, edges, `${indent}  `), `${indent}}`);
    } else {
      lines.push(`${indent}state "${child.key}" as ${idOf(child)}`);
      for (const { src } of child.invoke) lines.push(`${indent}${idOf(child)} : runs ${nameOf(src)}`);
      if (child.type === 'final') lines.push(`${indent}${idOf(child)} --> [*]`);
    }
  }
  const own = edges.filter(({ owner }) => owner === node).map(({ from, to, label }) => `${indent}${idOf(from)} --> ${idOf(to)}${label ? ` : ${label}` : ''}`);
  return [...lines, ...new Set(own)];
}

/** A table of every transition, also those that stay where they are. */
function tableOf(node: AnyStateNode): string[] {
  const rows = transitionsOf(node).map((transition) => {
    const target = transition.target?.map((state: AnyStateNode) => state.path.join('.')).join(', ') ?? 'stays';
    return `| ${node.path.join('.') || 'everywhere'} | ${labelOf(node, transition) || 'at once'} | ${target} |`;
  });
  return [...rows, ...childrenOf(node).flatMap(tableOf)];
}

function chapter(title: string, text: string, machine: AnyStateMachine): string[] {
  const { root } = machine;
  return [
    ...[`## ${title}`, '', text, ''],
    ...['```mermaid', 'stateDiagram-v2', ...draw(root, edgesOf(root), '  '), '```', ''],
    ...['| in | on [guard] / action | goes to |', '| --- | --- | --- |', ...tableOf(root), ''],
  ];
}

const fleet = fleetMachine({ lanes: [], spread: () => [], verdict: () => ready });

/** The document's text. */
export function stateChart(): string {
  const lines = [
    '# State charts',
    '',
    'Drawn from `src/machine/` by `npm run docs`; do not edit. An arrow that leaves a box may start at any state inside it: the tables say which.',
    '',
    ...chapter('A run', 'Images and suite side by side, then the lane. `run.stop` comes from signals, keys and a full disk.', runMachine),
    ...chapter('A lane', 'One server+client pair. Every way out leads through `stopping`; a second `run.stop` there makes it hurry.', laneMachine),
    ...chapter(
      'Several lanes',
      'In the place of one lane. What each of them does stands in the books of `src/machine/fleet.ts`, which `advance` keeps.',
      fleet,
    ),
  ];
  return `${lines.join('\n').trimEnd()}\n`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(chartFile, stateChart());

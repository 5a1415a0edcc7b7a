import { and, assign, type DoneActorEvent, type ErrorActorEvent, emit, fromPromise, setup } from 'xstate';
import { messageOf } from '../model/errors.ts';

export interface ChangeInput {
  /** Fingerprint of the sources as they were taken last. */
  readonly fingerprint: string;
  /** Changes are over when none has come for this time. */
  readonly quietMs: number;
  /** What never becomes quiet is taken after this time. */
  readonly patienceMs: number;
}

export type ChangeEvent = {
  readonly type: 'file.changed';
  readonly path: string;
  /** Milliseconds from a monotonic clock. */
  readonly atMs: number;
};

export type ChangeEmitted =
  /** The sources differ from those that were taken last. */
  | { readonly type: 'changed'; readonly paths: readonly string[]; readonly sinceMs: number }
  /** Files were saved as they were. */
  | { readonly type: 'unchanged'; readonly paths: readonly string[] }
  /** The sources can't be read now; the next change makes another attempt. */
  | { readonly type: 'unreadable'; readonly message: string };

interface ChangeContext extends ChangeInput {
  readonly paths: readonly string[];
  /** When the first of the changes came. */
  readonly sinceMs: number;
  /** Another one came during the comparison, which may or may not have seen it. */
  readonly stale: boolean;
}

const outputOf = (event: unknown): string => (event as DoneActorEvent<string>).output;

/** Tells when sources have changed: waits until changes are over, then compares. A save without a change of content is none. */
export const changeMachine = setup({
  types: {
    input: {} as ChangeInput,
    context: {} as ChangeContext,
    events: {} as ChangeEvent,
    emitted: {} as ChangeEmitted,
  },
  actors: { fingerprint: fromPromise<string>(() => Promise.reject(new Error("the machine was not given its actor 'fingerprint'"))) },
  actions: {
    note: assign({
      paths: ({ context, event }) => (context.paths.includes(event.path) ? context.paths : [...context.paths, event.path]),
      sinceMs: ({ context, event }) => (context.paths.length === 0 ? event.atMs : context.sinceMs),
    }),
    begin: assign({ stale: false }),
    spoil: assign({ stale: true }),
    announce: emit(({ context: { paths, sinceMs } }): ChangeEmitted => ({ type: 'changed', paths, sinceMs })),
    dismiss: emit(({ context: { paths } }): ChangeEmitted => ({ type: 'unchanged', paths })),
    complain: emit(({ event }): ChangeEmitted => ({ type: 'unreadable', message: messageOf((event as unknown as ErrorActorEvent).error) })),
    take: assign({ fingerprint: ({ event }) => outputOf(event) }),
    forget: assign({ paths: [] }),
  },
  guards: {
    stale: ({ context }) => context.stale,
    differs: ({ context, event }) => outputOf(event) !== context.fingerprint,
  },
  delays: { quiet: ({ context }) => context.quietMs, patience: ({ context }) => context.patienceMs },
}).createMachine({
  id: 'change',
  context: ({ input }) => ({ ...input, paths: [], sinceMs: 0, stale: false }),
  initial: 'quiet',
  states: {
    quiet: { on: { 'file.changed': { target: 'settling', actions: 'note' } } },
    settling: {
      after: { patience: 'comparing' },
      initial: 'counting',
      states: {
        counting: {
          on: { 'file.changed': { target: 'counting', reenter: true, actions: 'note' } },
          after: { quiet: '#change.comparing' },
        },
      },
    },
    comparing: {
      entry: 'begin',
      on: { 'file.changed': { actions: ['note', 'spoil'] } },
      invoke: {
        src: 'fingerprint',
        onDone: [
          { guard: and(['differs', 'stale']), target: 'settling', actions: ['announce', 'take', 'forget'] },
          { guard: 'differs', target: 'quiet', actions: ['announce', 'take', 'forget'] },
          { guard: 'stale', target: 'settling' },
          { target: 'quiet', actions: ['dismiss', 'forget'] },
        ],
        onError: [
          { guard: 'stale', target: 'settling' },
          { target: 'quiet', actions: 'complain' },
        ],
      },
    },
  },
});

import { entriesFor } from '../../src/model/known-failures.ts';
import type { Session } from '../session.ts';
import { type DashboardView, kernelOf } from '../view/dashboard-view.ts';

/** Failed assertions of a testcase that are not expected yet; none while it runs. */
export function freshFailures({ testcases }: DashboardView, name: string | null): readonly string[] {
  const testcase = testcases.find((candidate) => candidate.name === name);
  if (testcase?.status !== 'failed') return [];
  return testcase.assertions.filter(({ verdict, known }) => verdict === 'failed' && known === null).map(({ message }) => message);
}

/** Opens the question why the failures under the cursor are expected. */
export function askForReason(session: Session): void {
  const { ui, view } = session;
  const cursor = session.cursor();
  if (freshFailures(view, cursor).length === 0) {
    ui.dispatch({ type: 'message', message: `${cursor ?? 'nothing'} has no failure that could be expected` });
    return;
  }
  // The cursor stays on what the question is about, whatever runs meanwhile.
  if (cursor !== null) session.ui.dispatch({ type: 'selection', action: { type: 'cursor.to', name: cursor }, names: session.names, shown: cursor });
  ui.dispatch({ type: 'reason', text: '' });
  ui.dispatch({ type: 'mode', mode: 'known' });
}

/** Adds what was typed. */
export function typeReason({ ui }: Session, key: string): void {
  const character = key === 'space' ? ' ' : key;
  if (Array.from(character).length === 1) ui.dispatch({ type: 'reason', text: ui.getSnapshot().reason + character });
}

/** Has the failures under the cursor written down, with the reason that was typed. */
export function writeKnown(session: Session): void {
  const { ui, view, controller } = session;
  const name = session.cursor();
  const reason = ui.getSnapshot().reason.trim();
  const messages = freshFailures(view, name);
  if (reason === '') {
    ui.dispatch({ type: 'message', message: 'a reason is needed: somebody will ask why' });
    return;
  }
  ui.dispatch({ type: 'mode', mode: 'main' });
  if (name === null || messages.length === 0) return;
  const circumstances = { nfsVersion: view.nfsVersion, clientKernel: kernelOf(view), suiteKind: view.suite?.kind ?? null };
  void controller.expectFailures(entriesFor(name, messages, reason, circumstances)).then((message) => ui.dispatch({ type: 'message', message }));
}

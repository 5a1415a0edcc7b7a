import type { RunEvent } from '../model/events.ts';
import type { Section } from './sections.ts';
import { triageSections } from './triage-section.ts';
import { versionsSection } from './versions-section.ts';

/** The sections that a run's events bring along, of the run and of its testcases. Of several of a kind the last counts. */
export function eventSections(events: readonly RunEvent[]): {
  readonly sections: readonly Section[];
  readonly testcaseSections: ReadonlyMap<string, readonly Section[]>;
} {
  const versions = events.findLast((event) => event.type === 'versions.finished');
  const testcaseSections = new Map<string, readonly Section[]>();
  for (const event of events) if (event.type === 'triage.finished') testcaseSections.set(event.testcase, triageSections(event));
  return { sections: versions === undefined ? [] : [versionsSection(versions)], testcaseSections };
}

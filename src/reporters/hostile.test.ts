import { stripVTControlCharacters } from 'node:util';
import { describe, expect, it } from 'vitest';
import { assertion, ended, finished, reportOfEvents, started } from './fake-report.ts';
import { type DocumentName, documents } from './index.ts';
import { plain } from './plain.ts';

/** Sets the clipboard, the title, moves the cursor, clears, asks for an answer; in 7 and in 8 bits. */
const hostile = '\u001b]52;c;cm0gLXJm\u0007\u001b]0;t\u001b\\\u001b[2J\u001b[1;1H\u001b[6n\u009d52;c;eA\u009c\u009b2J\u001bc\u001bX\b\r';
const text = `a${hostile}b`;
const report = reportOfEvents(
  [
    { type: 'note.reported', level: 'warning', message: text },
    started('open'),
    assertion('open', 'failed', text, { details: [text] }),
    { type: 'remark.reported', testcase: 'open', level: 'warning', message: text },
    finished('open', 'failed', { reason: text }),
    ended(4, text, { hint: text, log: { path: '/server.log', lines: [text] } }),
  ],
  { suite: ["    TEST: Running test 'open'", `    FAIL: ${text}`], server: [text] },
);

describe('a server or guest that writes commands to terminals', () => {
  it.each([false, true])('does not reach it by --ci, in colour: %s', (color) => {
    const parts: string[] = [];
    const reporter = plain({ write: (part) => parts.push(part), color });
    reporter.onLine?.('suite', text);
    for (const event of report.events) reporter.onEvent?.(event);
    reporter.finish?.();
    const printed = parts.join('');
    expect(printed).toContain('  | ab\n');
    expect(stripVTControlCharacters(printed)).not.toMatch(/(?!\n)\p{Cc}/u);
  });

  it.each(Object.keys(documents) as DocumentName[])('does not reach it by the report %s', (name) => {
    const rendered = documents[name].render(report);
    expect(rendered).toContain('open');
    expect(rendered).not.toMatch(/(?![\t\n])\p{Cc}/u);
  });

  it('JSON still says what was written', () => {
    const [, note] = documents.ndjson.render(report).split('\n');
    expect(JSON.parse(note ?? '')).toMatchObject({ message: text });
  });
});

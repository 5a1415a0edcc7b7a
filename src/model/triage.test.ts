import { describe, expect, it } from 'vitest';
import type { TriageResult } from './events.ts';
import { triage } from './triage.ts';

const result = (where: TriageResult['where'], verdict: TriageResult['verdict'], ...failures: string[]): TriageResult => ({
  where,
  title: { own: 'My server', reference: 'NFS-Ganesha', local: 'local disk' }[where],
  verdict,
  failures,
  reason: verdict === 'not-run' ? 'no VM' : null,
});

const judged = (failures: readonly string[], ...results: readonly TriageResult[]) => {
  const { blame, reason } = triage({ testcase: 'rename', failures, results });
  return `${blame}: ${reason}`;
};

describe('whose fault a failure is', () => {
  it('the server’s where it fails there alone', () => {
    expect(judged(['a'], result('own', 'failed', 'a'), result('reference', 'passed'), result('local', 'passed'))).toBe(
      'server: the assertion failed again on My server, and not on NFS-Ganesha or local disk',
    );
  });

  it.each(['reference', 'local'] as const)('the client’s or the suite’s where the same assertion fails on the %s too', (where) => {
    const others = (['reference', 'local'] as const).map((other) => (other === where ? result(other, 'failed', 'a') : result(other, 'passed')));
    expect(judged(['a'], result('own', 'failed', 'a'), ...others)).toMatch(/^client or suite: the assertion failed on (NFS-Ganesha|local disk) too$/);
  });

  it('nobody’s where it passes, or fails with something else, the next time', () => {
    expect(judged(['a'], result('own', 'passed'), result('reference', 'passed'))).toBe('flaky or environment: it passed on My server when it was run again');
    expect(judged(['a'], result('own', 'failed', 'b'), result('reference', 'passed'))).toMatch(/^flaky or environment: .* not with the same assertions$/);
  });

  it('the server’s where another assertion fails elsewhere', () => {
    expect(judged(['a', 'b'], result('own', 'failed', 'a', 'b'), result('reference', 'failed', 'b', 'c'), result('local', 'passed'))).toBe(
      'server: the assertion failed again on My server, and not on NFS-Ganesha or local disk; 1 of 2 failed elsewhere too',
    );
  });

  it('names of the suite’s files do not count', () => {
    const message = (run: string) => `OSError: /mnt/nfstest_posix_20261125_${run}_ab12_rename/f008`;
    expect(judged([message('050016')], result('own', 'failed', message('050022')), result('local', 'failed', message('050030')))).toMatch(/^client or suite/);
  });

  it('where the reference is under test, the local disk decides, and that is said', () => {
    expect(judged(['a'], result('own', 'failed', 'a'), result('local', 'failed', 'a'))).toMatch(/^client or suite/);
    expect(judged(['a'], result('own', 'failed', 'a'), result('local', 'passed'))).toMatch(/^server: .*the NFS client is not ruled out$/);
  });

  it('unclear where what decides could not be run', () => {
    expect(judged(['a'], result('own', 'not-run'), result('reference', 'passed'))).toBe('unclear: it could not be run again on the same server: no VM');
    // The local disk alone would blame the server for what the NFS client does.
    expect(judged(['a'], result('own', 'failed', 'a'), result('reference', 'not-run'), result('local', 'passed'))).toMatch(/^unclear: .* run on NFS-Ganesha$/);
    expect(judged(['a'], result('own', 'failed', 'a'), result('reference', 'passed'), result('local', 'not-run'))).toMatch(/^server/);
  });
});

import { UserError } from '../model/errors.ts';
import { selectTestcases, type Testcase } from './catalog.ts';

/** What `nfstest/runner/list_tests.py` prints. */
export interface ScriptListing {
  readonly usage: string;
  /** `clients`: how many clients a test needs besides its own. */
  readonly tests: readonly (Testcase & { readonly clients: number })[];
  readonly groups: Readonly<Record<string, readonly string[]>>;
}

/** Tests of a script that one client can run, in the script's order, and its names for several of them. */
export interface ScriptCatalog {
  readonly testcases: readonly Testcase[];
  readonly groups: ReadonlyMap<string, readonly string[]>;
  /** Tests that need more clients. */
  readonly needMore: ReadonlySet<string>;
}

/** @throws UserError for a script that can't do with one client. */
export function scriptCatalog(script: string, { usage, tests, groups }: ScriptListing): ScriptCatalog {
  // `[--client <client>]` may be left out.
  const demanded = /(?<!\[)--client\b/.test(usage.split('\n')[0] ?? '');
  const testcases = demanded ? [] : tests.filter(({ clients }) => clients === 0).map(({ name, description }) => ({ name, description }));
  if (testcases.length === 0) throw new UserError(`${script} needs several clients, and here is one`, 'choose another script with --suite-script');
  const runnable = new Set(testcases.map(({ name }) => name));
  return {
    testcases,
    groups: new Map(Object.entries(groups).map(([name, members]) => [name, members.filter((member) => runnable.has(member))])),
    needMore: new Set(tests.filter(({ clients }) => clients > 0).map(({ name }) => name)),
  };
}

/**
 * Names for `--testcase`, with the script's groups; `all` is every test that one client can run.
 *
 * @throws UserError for a test that needs more clients, and as `selectTestcases`.
 */
export function selectOfScript(text: string, { testcases, groups, needMore }: ScriptCatalog): readonly string[] {
  const words = text.split(/[\s,]+/).filter((word) => word !== '');
  const several = words.find((word) => needMore.has(word) || groups.get(word)?.length === 0);
  if (several !== undefined) throw new UserError(`${several} needs several clients, and here is one`, 'leave it out of --testcase');
  const names = words.flatMap((word) => groups.get(word) ?? [word]);
  return selectTestcases(
    names.join(','),
    testcases.map(({ name }) => name),
  );
}

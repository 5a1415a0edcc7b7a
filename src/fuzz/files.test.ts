import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseDefaults } from '../config/defaults-file.ts';
import { parseKnownFailures } from '../config/known-failures-file.ts';
import { settingOf } from '../config/options.ts';
import { capabilitiesOf, parseRecipe } from '../config/server-recipe.ts';
import { readOwnJson } from '../disk/read-json.ts';
import { verdictsOf } from '../host/accelerator-memory.ts';
import { UserError } from '../model/errors.ts';
import type { KnownFailure } from '../model/events.ts';
import { summaryOf } from '../model/summary.ts';
import { createOptions } from '../services/docker-container.ts';
import { environmentOf } from '../steps/environment-record.ts';
import { digestsOf } from '../steps/file-digest.ts';
import { checkSaved, savedVmFiles } from '../steps/saved-vm.ts';
import { almost, fewer, fixedRuns } from './fake-input.ts';

let folder: string;
beforeAll(() => {
  fixedRuns();
  folder = mkdtempSync(join(tmpdir(), 'nfstest-fuzz-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const server = {
  ...{ identity: { name: 'ganesha', title: 'NFS-Ganesha', image: 'ganesha:latest' }, containerId: 'c1', containerName: 'ganesha-server' },
  ...{ nfsPort: 4000, mountPort: 4001, export: '/export', nfsVersions: ['3'] },
};
const vm = { pid: 42, startTime: 's', qmpSocket: 'q', agentSocket: 'a', consoleLog: 'l', accelerator: 'tcg', sshPort: 2222 };
const environment = { runId: 'r', createdAt: '2026', server, vm, suiteDigest: null };
const recipe = {
  ...{ title: 'x', nfsPort: 4000, mountPort: 4001, export: '/export', nfsVersions: ['3'], readiness: { logPattern: null, timeoutSeconds: 1 } },
  ...{ build: { context: '.', args: {}, baseImages: {} }, engine: { capAdd: ['CHOWN'], capDrop: ['ALL'], volumes: ['/a'], env: {}, tmpfs: {}, command: [] } },
};

const isKnownFailure = ({ testcase, message, reason, nfs, kernel }: KnownFailure): boolean =>
  testcase !== '' && reason !== '' && message !== '' && [...nfs, ...kernel].every((range) => typeof range === 'string');

/** A file that holds this, or a part of it. */
const torn = (value: fc.Arbitrary<unknown>) =>
  fc.tuple(value, fc.option(fc.nat(300), { nil: null })).map(([json, cut]) => JSON.stringify(json).slice(0, cut ?? undefined));

describe('files of the program', () => {
  it.each<[string, (value: unknown) => unknown, fc.Arbitrary<unknown>]>([
    [
      'env.json',
      environmentOf,
      fc.oneof(
        almost(environment),
        almost(server).map((changed) => ({ ...environment, server: changed })),
        almost(vm).map((changed) => ({ ...environment, vm: changed })),
      ),
    ],
    ['accelerator.json', verdictsOf, almost({ verdicts: { kvm: { works: true, reason: 'r', at: 'a' } } })],
    ['digests.json', digestsOf, almost({ '/a': { stamp: 's', digest: 'd' } })],
    ['summary.json', summaryOf, almost({ format: 1, testcases: [{ name: 'open', verdict: 'passed' }], totals: {}, server: null })],
  ])('%s: what is not sound is set aside, and what was read can be used', async (name, shape, values) => {
    const dir = join(folder, name.replace('.', '-'));
    mkdirSync(dir);
    const path = join(dir, name);
    await fc.assert(
      fc.asyncProperty(torn(values), async (text) => {
        writeFileSync(path, text);
        const told: string[] = [];
        const found = await readOwnJson(path, shape, (message) => void told.push(message));
        expect(told).toHaveLength(found === null ? 1 : 0);
        // Sound once, sound again: nothing in it depends on the reading.
        if (found !== null) expect(shape(JSON.parse(JSON.stringify(JSON.parse(text))))).not.toBeNull();
        const record = name === 'env.json' ? environmentOf(found) : null;
        // These decide what is stopped.
        if (record?.vm) expect(record.vm.pid).toBeGreaterThan(0);
        if (record?.server) expect(typeof record.server.containerId).toBe('string');
      }),
      fewer(0.5),
    );
  });

  it('saved.json: says why it is not used, and never throws', async () => {
    const files = savedVmFiles(folder, 'slot');
    mkdirSync(files.dir, { recursive: true });
    const sample = { format: 1, identity: { a: 'b' }, files: { devices: 'd', memory: 'm', disk: 'k' } };
    await fc.assert(
      fc.asyncProperty(torn(almost(sample)), async (text) => {
        writeFileSync(files.record, text);
        expect(await checkSaved(files, { a: 'b' })).toMatchObject({ reason: expect.any(String) });
      }),
      fewer(0.5),
    );
  });
});

/** Runs a reader of a file that people write: it gives something sound, or says what is wrong with it. */
function readOrRefuse<T>(read: () => T, check: (value: T) => void): void {
  let value: T;
  try {
    value = read();
  } catch (error) {
    expect(error).toBeInstanceOf(UserError);
    expect((error as UserError).hint).not.toBe('');
    return;
  }
  check(value);
}

describe('files that people write', () => {
  it('server.json', () => {
    const values = fc.oneof(
      almost(recipe),
      almost(recipe.engine).map((engine) => ({ ...recipe, engine })),
      almost(recipe.build).map((build) => ({ ...recipe, build })),
      almost(recipe.readiness).map((readiness) => ({ ...recipe, readiness })),
    );
    fc.assert(
      fc.property(torn(values), (text) => {
        readOrRefuse(
          () => parseRecipe(text, '/x/server.json'),
          ({ engine, title, ...rest }) => {
            const { capAdd, capDrop, ...others } = engine;
            const options = createOptions({
              ...others,
              ...{ name: 'n', image: 'i', labels: {}, ports: [], seccomp: null, capDrop: ['ALL'], capAdd: capabilitiesOf({ capAdd, capDrop }) },
            });
            expect(options.HostConfig?.CapDrop).toEqual(['ALL']);
            expect([title, engine.stopSignal, rest.export].every((value) => typeof value === 'string')).toBe(true);
            expect(engine.seccompProfile === null || typeof engine.seccompProfile === 'string').toBe(true);
            expect(rest.readiness.logPattern === null || typeof rest.readiness.logPattern === 'string').toBe(true);
            if (rest.build !== null) for (const base of Object.values(rest.build.baseImages)) expect(typeof base.image).toBe('string');
          },
        );
      }),
    );
  });

  it('known failures', () => {
    const piece = fc.oneof(
      fc.constantFrom(
        '[[failure]]\n',
        'testcase = "open"\n',
        'reason = "r"\n',
        'nfs = ">=4.0"\n',
        'kernel = ["6", 1]\n',
        'message = """\n*\n"""\n',
        '[failure]\n',
        'failure = 1\n',
      ),
      fc.string({ unit: 'binary', maxLength: 12 }),
      fc.constantFrom('"', '=', '[', ']', '\n', '#', '\u0000', 'suite = "x"\n', '__proto__ = 1\n', 'failure = [1]\n'),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 10 }), (parts) => {
        readOrRefuse(
          () => parseKnownFailures(parts.join(''), '/x/known.toml'),
          (entries) => expect(entries.every(isKnownFailure)).toBe(true),
        );
      }),
    );
  });

  it('defaults: a setting is text, whatever the file holds', () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('NFS_PORT ?= 4000', '\n', 'A ?=', '__proto__ ?= 1')), { maxLength: 8 }),
        (parts) => {
          const defaults = parseDefaults(parts.join('\n'));
          for (const key of [...Object.keys(defaults), 'NFS_PORT', 'TIMEOUT'])
            expect(typeof settingOf(key, { flags: {}, environment: {}, defaults }).value).toBe('string');
        },
      ),
    );
  });
});

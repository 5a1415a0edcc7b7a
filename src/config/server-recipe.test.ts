import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { UserError } from '../model/errors.ts';
import { fakeFolder } from '../services/fake-folder.ts';
import { capabilitiesOf, findRecipe, parseRecipe, readSeccompProfile, recipeNames } from './server-recipe.ts';

const dir = fakeFolder();
const minimal = { nfsPort: 2049, mountPort: 20048, export: '/data', nfsVersions: ['3'] };

function complaint(change: Record<string, unknown>): string {
  try {
    parseRecipe(JSON.stringify({ ...minimal, ...change }), '/x/server.json');
  } catch (error) {
    if (error instanceof UserError) return error.message;
    throw error;
  }
  return 'no complaint';
}

describe('the bundled recipes', () => {
  it('are whole', () => {
    expect(recipeNames()).toEqual(expect.arrayContaining(['arcticwolf', 'ganesha']));
    for (const name of recipeNames()) {
      const recipe = findRecipe(name, null);
      expect(recipe.build, name).not.toBeNull();
      expect(() => readSeccompProfile(recipe), name).not.toThrow();
      if (recipe.readiness.logPattern !== null) expect(() => new RegExp(recipe.readiness.logPattern ?? ''), name).not.toThrow();
    }
  });

  it('ganesha: two ports, the volume and what open_by_handle_at needs', () => {
    const recipe = findRecipe('ganesha', null);
    expect(recipe).toMatchObject({ nfsPort: 4000, mountPort: 4001, export: '/export', nfsVersions: ['3', '4.0', '4.1', '4.2'] });
    expect(recipe.engine).toMatchObject({ capDrop: ['ALL'], volumes: ['/export'] });
    expect(capabilitiesOf(recipe.engine)).toContain('DAC_READ_SEARCH');
    const profile = JSON.parse(readSeccompProfile(recipe) ?? '') as { defaultAction: string; syscalls: { names: string[] }[] };
    expect(profile.defaultAction).toBe('SCMP_ACT_ALLOW');
    expect(profile.syscalls.flatMap(({ names }) => names).filter((name) => name.includes('handle_at'))).toEqual([]);
  });

  it('arcticwolf: everything on TCP 4000, built from SERVER_SRC', () => {
    expect(findRecipe('arcticwolf', null)).toMatchObject({ nfsPort: 4000, mountPort: 4000, export: '/', nfsVersions: ['3'], build: { context: 'SERVER_SRC' } });
  });
});

describe('other servers', () => {
  it('an unknown image is taken for a server on port 4000', () => {
    expect(findRecipe('my/server', null)).toMatchObject({ title: 'my/server', nfsPort: 4000, mountPort: 4000, export: '/', build: null });
  });

  it('a server.json of the user’s describes it; without a Dockerfile beside it nothing is built', () => {
    const file = join(dir, 'server.json');
    writeFileSync(file, JSON.stringify({ ...minimal, title: 'Mine', build: { context: '.' } }));
    expect(findRecipe('mine', file)).toMatchObject({ title: 'Mine', nfsPort: 2049, build: null, readiness: { logPattern: null, timeoutSeconds: 60 } });
    writeFileSync(join(dir, 'Dockerfile'), 'FROM scratch\n');
    expect(findRecipe('mine', file).build).toEqual({ context: '.', args: {}, baseImages: {} });
  });

  it('a file that can’t be read is named', () => {
    expect(() => findRecipe('mine', '/no/such/server.json')).toThrow(/can't read \/no\/such\/server\.json: .*ENOENT/);
    mkdirSync(join(dir, 'folder.json'));
    expect(() => findRecipe('mine', join(dir, 'folder.json'))).toThrow(UserError);
  });

  it('a broken seccomp profile is named', () => {
    const recipe = { ...findRecipe('mine', null), dir };
    expect(readSeccompProfile(recipe)).toBeNull();
    expect(() => readSeccompProfile({ ...recipe, engine: { ...recipe.engine, seccompProfile: 'none.json' } })).toThrow(/none\.json/);
  });
});

describe('capabilitiesOf', () => {
  const base = ['CHOWN', 'DAC_OVERRIDE', 'FOWNER', 'FSETID', 'MKNOD', 'NET_BIND_SERVICE', 'SETGID', 'SETUID'];
  it.each([
    [[], [], base],
    [['ALL'], ['SETUID', 'CAP_CHOWN'], ['CHOWN', 'SETUID']],
    [['ALL'], [], []],
    [['mknod', 'CAP_SETGID'], [], base.filter((name) => name !== 'MKNOD' && name !== 'SETGID')],
    [[], ['SYS_ADMIN', 'CHOWN'], [...base, 'SYS_ADMIN'].sort()],
  ])('dropped %j, added %j: %j', (capDrop, capAdd, names) => expect(capabilitiesOf({ capDrop, capAdd })).toEqual(names));

  it('bundled recipes name theirs, and none that would open the host', () => {
    for (const name of recipeNames()) {
      const { engine } = findRecipe(name, null);
      expect(engine.capDrop, name).toEqual(['ALL']);
      expect(engine.newPrivileges, name).toBe(false);
      expect(
        capabilitiesOf(engine).filter((one) => /^SYS_|^NET_(ADMIN|RAW)$|^ALL$/.test(one)),
        name,
      ).toEqual([]);
    }
  });
});

describe('parseRecipe', () => {
  it.each<[Record<string, unknown>, string]>([
    [{}, 'no complaint'],
    [{ nfsPort: undefined }, '/x/server.json: "nfsPort" must be a port number'],
    [{ nfsPort: '2049' }, '/x/server.json: "nfsPort" must be a port number'],
    [{ mountPort: 70_000 }, '/x/server.json: "mountPort" must be a port number'],
    [{ export: 'data' }, '/x/server.json: "export" must be an absolute path'],
    [{ nfsVersions: [] }, '/x/server.json: "nfsVersions" must list some of 3, 4.0, 4.1, 4.2, as text'],
    [{ nfsVersions: [3] }, '/x/server.json: "nfsVersions" must list some of 3, 4.0, 4.1, 4.2, as text'],
    [{ nfsVersions: ['4'] }, '/x/server.json: "nfsVersions" must list some of 3, 4.0, 4.1, 4.2, as text'],
    [{ build: { context: 'src' } }, '/x/server.json: "build.context" must be "." or "SERVER_SRC"'],
    [{ engine: { capAdd: 'SYS_ADMIN' } }, '/x/server.json: "engine.capAdd" must be a list of texts'],
    [{ engine: { volumes: [1] } }, '/x/server.json: "engine.volumes" must be a list of texts'],
    [{ engine: { env: ['A=1'] } }, '/x/server.json: "engine.env" must map names to texts'],
    [{ engine: { tmpfs: { '/tmp': 1 } } }, '/x/server.json: "engine.tmpfs" must map names to texts'],
    [{ engine: { newPrivileges: 'yes' } }, '/x/server.json: "engine.newPrivileges" must be true or false'],
    [{ readiness: { timeoutSeconds: '60' } }, '/x/server.json: "readiness.timeoutSeconds" must be a number of seconds'],
  ])('%j', (change, message) => {
    expect(complaint(change)).toBe(message);
  });

  it('says what is wrong with a pattern or with JSON', () => {
    expect(complaint({ readiness: { logPattern: '(' } })).toMatch(/"readiness\.logPattern": Invalid regular expression/);
    for (const text of ['{', 'null', '[]', '"text"']) expect(() => parseRecipe(text, '/x/server.json')).toThrow(UserError);
  });
});

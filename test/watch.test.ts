import { utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Running, runCli, startCli } from './support/cli.ts';
import { type Lab, openLab, trouble } from './support/lab.ts';
import { copyTinyServer, type RecipeCopy } from './support/tiny-server.ts';

describe.skipIf(trouble)('watch', () => {
  let lab: Lab;
  let server: RecipeCopy;
  let watch: Running;
  beforeAll(async () => {
    lab = await openLab();
    server = await copyTinyServer();
    // The faulty server is built on top of the reference server's image.
    expect((await runCli(['build', ...lab.flags])).exitCode).toBe(0);
  });
  afterAll(async () => {
    watch?.child.kill('SIGTERM');
    await watch?.finished;
    await runCli(['stop-env', ...lab.flags]);
    await server.remove();
  });

  test('what can’t be watched is refused before anything starts', async () => {
    const { exitCode, stderr } = await runCli(['watch', ...lab.flags.filter((flag) => !flag.startsWith('--image-name')), '--image-name=not-ours']);
    expect([exitCode, stderr]).toEqual([2, expect.stringContaining('there is nothing to watch')]);
  });

  test('a fault mended, a build that fails, a save without a change, a round overtaken, all in one VM', async () => {
    const flags = lab.flags.filter((flag) => !flag.startsWith('--image-name'));
    watch = startCli(['watch', ...flags, ...server.flags, '--testcase=readlink,write', '--quiet']);
    /** The text from a mark to the first of another one behind it. */
    const after = async (mark: string, end: string): Promise<string> => {
      await watch.waitFor(mark);
      const rest = () => watch.output().slice(watch.output().indexOf(mark) + mark.length);
      await expect.poll(rest, { timeout: 120_000 }).toContain(end);
      return rest().slice(0, rest().indexOf(end));
    };
    const waits = (round: number) => after(`\nround ${round}: `, '\nwatching ');

    await waits(1);
    expect(watch.output()).toMatch(/\nround 1: failed write; 1 passed\ntook +[\d.]+ s: tests [\d.]+ s\n/);

    // Mended in the recipe.
    await server.edit('server.json', (text) => text.replace('size=600k', 'size=64m'));
    await waits(2);
    expect(watch.output()).toMatch(/\nround 2, changed: server\.json\ntestcases {2}1: write\n/);
    expect(watch.output()).toMatch(/\nround 2: newly passed write\ntook +[\d.]+ s: build [\d.]+ s, restart [\d.]+ s, tests [\d.]+ s\n/);

    await server.edit('Dockerfile', (text) => `${text}RUN echo about to fail && false\n`);
    await waits(3);
    expect(watch.output()).toMatch(/ {2}\| about to fail\n[\s\S]*\nerror: The command .* returned a non-zero code: 1\n/);
    expect(watch.output()).toContain('\nround 3: not finished\n');

    await utimes(join(server.folder, 'Dockerfile'), new Date(), new Date());
    await watch.waitFor('note: Dockerfile: saved without a change');

    // The server that the image holds is broken: writing is refused.
    await server.edit('Dockerfile', (text) =>
      text.replace('RUN echo about to fail && false', "RUN sed -i 's/Access_Type = RW/Access_Type = RO/' /etc/ganesha/ganesha.conf"),
    );
    await after('\nround 4, changed: Dockerfile\n', '==> run testcases …');
    await server.edit('Dockerfile', (text) => text.replace('Access_Type = RO', 'Access_Type = NONE'));
    await waits(5);
    expect(watch.output()).toContain('\novertaken by a change of Dockerfile\nround 4: not finished\n');
    expect(await after('\nround 5: ', '\n')).toBe('not run readlink, write');

    // Back to the first line's server, which was good.
    await server.edit('Dockerfile', (text) => text.replace(/RUN .*\n/, ''));
    await waits(6);
    expect(await after('\nround 6: ', '\n')).toBe('newly passed readlink, write');
    // Events are written a tenth of a second after they are told.
    await expect
      .poll(async () => (await lab.events()).filter(({ type }) => type === 'round.finished'), { timeout: 5_000 })
      .toMatchObject([{ number: 6, results: [{ now: 'passed' }, { now: 'passed' }] }]);

    watch.child.kill('SIGINT');
    expect((await watch.finished).exitCode).toBe(130);
    expect(watch.output().match(/start client VM … [\d.]+ s/g)).toHaveLength(1);
    expect(await lab.leftovers()).toEqual([]);
  });
});

import { existsSync } from 'node:fs';
import { processes, type Services } from '../app.ts';
import { triageDir } from '../config/vm-files.ts';
import { EnvironmentError } from '../model/errors.ts';
import { readEnvironment } from '../steps/environment.ts';
import { stopOrphan, stopOrphansIn } from '../steps/orphans.ts';
import { stopEnvironment } from '../steps/stop.ts';
import type { RunRequest } from './open-run.ts';

/** A run starts from nothing: what an earlier one left, kept or lost, is stopped first. Parts that run on purpose are not taken away by another `start-…`. */
export async function clearLeftovers(
  { options, goal, parts }: Pick<RunRequest, 'options' | 'goal' | 'parts'>,
  services: Pick<Services, 'engine' | 'vms'>,
): Promise<readonly string[]> {
  const stopServices = { openEngine: async () => services.engine, vms: services.vms, processes };
  // A part whose program was killed before it was up is nobody's, whatever runs on purpose beside it.
  const orphans = await stopOrphan(options, stopServices, { recordedOnly: true });
  const existing = await readEnvironment(options);
  if (goal === 'environment' && existing !== null) {
    const server = parts.server && existing.server !== null && (await serverRuns(existing.server.containerId, services));
    const vm = parts.vm && existing.vm !== null && (await services.vms.attach(existing.vm)) !== null;
    const running = [...(server ? ['server'] : []), ...(vm ? ['client VM'] : [])].join(' and ');
    if (running !== '') {
      throw new EnvironmentError(
        `this environment already has a running ${running}${orphans.length === 0 ? '' : `; stopped what an earlier run left: ${orphans.join(', ')}`}`,
        'use `nfstest-tui status` to see them, `nfstest-tui stop-env` to stop them',
      );
    }
  }
  const stopped = await stopEnvironment(options, parts, stopServices);
  // A triage has its own environment beside this one; one that was killed left it there.
  const triage = [triageDir(options.vmDir)].filter((dir) => existsSync(dir));
  return [...orphans, ...stopped, ...(await stopOrphansIn(triage, options, stopServices)).stopped];
}

async function serverRuns(containerId: string, { engine }: Pick<Services, 'engine'>): Promise<boolean> {
  const container = await engine.attachContainer(containerId);
  return container !== null && (await container.state()).status === 'running';
}

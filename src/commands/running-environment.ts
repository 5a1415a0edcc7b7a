import type { Options } from '../config/options.ts';

/** An environment that another process left running is taken up instead of starting a second one. */
export async function environmentRuns(options: Options): Promise<boolean> {
  // Loaded after the first frame, with the libraries of the services.
  const [{ openEngine, openVms }, { readEnvironment }] = await Promise.all([import('../app.ts'), import('../steps/environment.ts')]);
  const record = await readEnvironment(options);
  if (!record?.server || !record.vm || (await openVms().attach(record.vm)) === null) return false;
  const container = await (await openEngine()).attachContainer(record.server.containerId);
  return container !== null && (await container.state()).status === 'running';
}

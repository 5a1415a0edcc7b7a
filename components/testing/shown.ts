import { afterEach } from 'vitest';
import type { DashboardController } from '../controller.ts';
import { FakeScreen, type FakeScreenOptions } from './fake-screen.ts';

let screen: FakeScreen | null = null;
afterEach(() => {
  screen?.close();
  screen = null;
});

/** Draws a dashboard once; it is closed when the test is over. */
export async function show(controller: DashboardController, options: FakeScreenOptions = {}): Promise<FakeScreen> {
  screen = new FakeScreen(controller, options);
  await screen.settle();
  return screen;
}

import { useCallback, useSyncExternalStore } from 'react';
import type { Observable } from '../controller.ts';
import { FrameScheduler } from './frame-scheduler.ts';

/** Ten frames a second are fluent for text that scrolls by; keys do not wait for it. */
export const frames = new FrameScheduler({ leastMs: 100, mostMs: 500 });

/** What it shows now; for what changes by a key press. */
export const useImmediate = <T>(source: Observable<T>): T => useSyncExternalStore(source.subscribe, source.getSnapshot);

/** What it showed at the last frame; for what changes by itself, however often. */
export function useSampled<T>(source: Observable<T>): T {
  const subscribe = useCallback(
    (listener: () => void) => {
      const end = source.subscribe(() => frames.request(listener));
      return () => {
        end();
        frames.cancel(listener);
      };
    },
    [source],
  );
  return useSyncExternalStore(subscribe, source.getSnapshot);
}

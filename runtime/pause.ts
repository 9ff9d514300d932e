import { setTimeout as sleep } from 'node:timers/promises';

/** Waits, or returns early when the signal aborts. The caller checks the signal to know which happened. */
export async function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  await sleep(milliseconds, undefined, { signal }).catch(() => undefined);
}

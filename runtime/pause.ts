import { setTimeout as sleep } from 'node:timers/promises';

/** Waits, or until the signal is aborted if that is sooner. The caller asks the signal which it was. */
export async function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  await sleep(milliseconds, undefined, { signal }).catch(() => undefined);
}

import { setTimeout as sleep } from 'node:timers/promises';

/** Waits until something holds. The test's own time-out is the limit. */
export async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await holds())) await sleep(5);
}

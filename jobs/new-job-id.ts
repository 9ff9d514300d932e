import { v7 as uuidv7 } from 'uuid';
import type { Instant } from '../values/instant.js';

/** The digits of a UUID of version 7 that are its time, in milliseconds. */
const TIME_DIGITS = 12;

/** A new id that sorts by time: the current time, or the time (UTC) at which imported work began. */
export function newJobId(at?: Instant): string {
  return at === undefined ? uuidv7() : uuidv7({ msecs: Number(at / 1000n) });
}

/**
 * Makes ids that sort after `newest`, the newest id in the job store, and after each other. Lists of jobs are in the order
 * of their ids: without this, the jobs of a gateway whose clock was set back would stand among old ones.
 */
export function jobIdsAfter(newest: string | undefined, now: () => string = newJobId): (at?: Instant) => string {
  let last = newest ?? '';
  return (at) => {
    if (at !== undefined) return newJobId(at);
    const id = now();
    return (last = id > last ? id : uuidv7({ msecs: timeOf(last) + 1 }));
  };
}

function timeOf(id: string): number {
  const time = Number.parseInt(id.replaceAll('-', '').slice(0, TIME_DIGITS), 16);
  return Number.isNaN(time) ? Date.now() : time;
}

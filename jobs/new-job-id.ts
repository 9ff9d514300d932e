import { v7 as uuidv7 } from 'uuid';
import type { Instant } from '../values/instant.js';

/** A new id that sorts by time: the current time, or the time (UTC) at which imported work began. */
export function newJobId(at?: Instant): string {
  return at === undefined ? uuidv7() : uuidv7({ msecs: Number(at / 1000n) });
}

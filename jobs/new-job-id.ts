import { v7 as uuidv7 } from 'uuid';
import type { Instant } from '../values/instant.js';

/** A new id that sorts by time: by now, or by the moment (UTC) at which work was begun that is told of later. */
export function newJobId(at?: Instant): string {
  return at === undefined ? uuidv7() : uuidv7({ msecs: Number(at / 1000n) });
}

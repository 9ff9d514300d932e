import { createHmac, createSecretKey, timingSafeEqual, type KeyObject } from 'node:crypto';
import { AppError, badInput } from '../errors/app-error.js';
import type { WritePosition } from '../ingestion/writes/write-position.js';
import { WRITE_LIMITS } from '../limits/write-limits.js';
import type { Instant } from '../values/instant.js';

/**
 * A cursor of written values: their creation time, the time at which the cursor was made, and a signature. The key of the
 * signature belongs to the stores, so a gateway that restarts, or another one of the same stores, takes the cursor. It
 * names no filter: "everything written since" has a meaning for every filter, and the policy is asked for each value.
 */
const TIMES_BYTES = 16;
const SIGNATURE_BYTES = 16;
const DAY: Instant = 86_400_000_000n;

export function encodeWriteCursor(created: Instant, { key }: WritePosition, now: Instant): string {
  const times = Buffer.alloc(TIMES_BYTES);
  times.writeBigInt64BE(created, 0);
  times.writeBigInt64BE(now, 8);
  return Buffer.concat([times, sign(times, key)]).toString('base64url');
}

/** The creation time after which the subscription goes on. */
export function decodeWriteCursor(cursor: string, position: WritePosition, now: Instant): Instant {
  const bytes = Buffer.from(cursor, 'base64url');
  const times = bytes.subarray(0, TIMES_BYTES);
  const isGenuine =
    bytes.length === TIMES_BYTES + SIGNATURE_BYTES &&
    timingSafeEqual(bytes.subarray(TIMES_BYTES), sign(times, position.key));
  if (!isGenuine) {
    throw badInput(
      '"after" is not a cursor of the values that clients write to this featurestore. Use the cursor of an event of ' +
        '`featureValues`, or subscribe without "after".',
      'after',
    );
  }
  const [created, made] = [times.readBigInt64BE(0), times.readBigInt64BE(8)];
  if (now - made > BigInt(WRITE_LIMITS.maxCursorDays) * DAY) {
    throw expired(`The cursor is older than ${WRITE_LIMITS.maxCursorDays} days.`);
  }
  // A backup that is older than the cursor: the values since then are not there.
  if (position.isSerial && created > position.settled()) throw expired('The store lacks the values before the cursor.');
  return created;
}

function sign(times: Buffer, key: string): Buffer {
  return createHmac('sha256', secretOf(key))
    .update('featureValues')
    .update(times)
    .digest()
    .subarray(0, SIGNATURE_BYTES);
}

/** Of the last position: a key that is made for each cursor takes most of its time. A gateway has few stores. */
let last: { readonly key: string; readonly secret: KeyObject } | undefined;

function secretOf(key: string): KeyObject {
  if (last?.key !== key) last = { key, secret: createSecretKey(key, 'utf8') };
  return last.secret;
}

function expired(reason: string): AppError {
  return new AppError(
    'CURSOR_EXPIRED',
    `${reason} Subscribe without "after": the first event has the current values, and \`history\` has those between.`,
    { field: 'after' },
  );
}

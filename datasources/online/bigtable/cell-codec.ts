import type { Instant } from '../../../values/instant.js';
import type { RawValue } from '../../../values/value-type.js';
import type { ValueVersion } from '../online-store.js';
import { decodeValue, encodeValue } from '../value-codec.js';

/**
 * A cell of Bigtable has a time of its own, by which the newest cell of a column is the one with the newest value. But it
 * counts milliseconds, and we microseconds; and a tie is broken by two more numbers. So the cell's value begins with the
 * whole version:
 *
 *   timestamp, created timestamp, sequence: 8 bytes each | the value as value-codec.ts writes it
 *
 * Each number is counted from the least one, which stands for null, and big-endian, so that bytes order as versions do, and the
 * server itself can tell with a value range filter whether a cell is newer than a write (conditional-write.ts). With 24
 * bytes before it no value is 8 bytes long, which the client would hand out as a number.
 */
const VERSION_BYTES = 24;
const NULL_INT64 = -(2n ** 63n);

/** Of a value that has no time and only ever one: it replaces the one before. */
export const NO_VERSION: ValueVersion = { timestamp: null, createdTimestamp: null, sequence: null };

/** Above every tag a value begins with. */
const AFTER_ANY_VALUE = 0xff;

export interface DecodedCell {
  readonly timestamp: Instant | null;
  readonly value: RawValue | null;
}

export function encodeCell(version: ValueVersion, value: RawValue | null): Buffer {
  return Buffer.concat([encodeVersion(version), encodeValue(value)]);
}

export function decodeCell(bytes: Buffer): DecodedCell {
  const timestamp = bytes.readBigUInt64BE(0) + NULL_INT64;
  return {
    timestamp: timestamp === NULL_INT64 ? null : timestamp,
    value: decodeValue(bytes, VERSION_BYTES, bytes.length),
  };
}

/** Greater than every cell of this version, and less than every cell of a newer one. */
export function endOfVersion(version: ValueVersion): Buffer {
  return Buffer.concat([encodeVersion(version), Buffer.of(AFTER_ANY_VALUE)]);
}

/** The last whole millisecond whose microseconds a JavaScript number holds: in the year 2255. */
const LAST_MILLISECOND = 9_007_199_254_740n;

/**
 * The cell time of a version, in milliseconds. Bigtable has none before 1970, and its client cannot say one after 2255:
 * what lies outside shares the first or the last millisecond, as does what has no time. In a shared millisecond the
 * version in the value decides, so nothing is lost but the older of two values.
 */
export function cellMillis(timestamp: Instant | null): number {
  const millis = (timestamp ?? 0n) / 1000n;
  if (millis <= 0n) return 0;
  return Number(millis < LAST_MILLISECOND ? millis : LAST_MILLISECOND);
}

function encodeVersion({ timestamp, createdTimestamp, sequence }: ValueVersion): Buffer {
  const bytes = Buffer.allocUnsafe(VERSION_BYTES);
  [timestamp, createdTimestamp, sequence].forEach((part, index) =>
    bytes.writeBigUInt64BE((part ?? NULL_INT64) - NULL_INT64, index * 8),
  );
  return bytes;
}

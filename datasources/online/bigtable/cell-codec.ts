import type { Instant } from '../../../values/instant.js';
import type { RawValue } from '../../../values/value-type.js';
import type { ValueVersion } from '../online-store.js';
import { decodeValue, encodeValue } from '../value-codec.js';

/**
 * Bigtable orders the cells of a column by their own times, so the newest cell holds the newest value. But a cell time
 * counts milliseconds, a version counts microseconds, and two more numbers break ties. So the value of a cell begins
 * with the whole version:
 *
 *   timestamp, created timestamp, sequence: 8 bytes each | the value as value-codec.ts writes it
 *
 * Each number is an offset from the least number, which stands for null. It is big-endian, so the order of bytes is the
 * order of versions. The server can therefore compare a cell with a write by a value range filter
 * (conditional-write.ts). The 24 bytes also ensure that no value is 8 bytes long: the client would return such a value
 * as a number.
 */
const VERSION_BYTES = 24;
const NULL_INT64 = -(2n ** 63n);

/** The version of a value that has no time and exists once: a new value replaces it. */
export const NO_VERSION: ValueVersion = { timestamp: null, createdTimestamp: null, sequence: null };

/** Greater than every tag that begins a value. */
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

/** Greater than every cell of this version and less than every cell of a newer one. */
export function endOfVersion(version: ValueVersion): Buffer {
  return Buffer.concat([encodeVersion(version), Buffer.of(AFTER_ANY_VALUE)]);
}

/** The last whole millisecond whose microseconds fit into a JavaScript number: in the year 2255. */
const LAST_MILLISECOND = 9_007_199_254_740n;

/**
 * The cell time of a version, in milliseconds. Bigtable has no cell time before 1970, and its client cannot express one
 * after 2255. Versions outside that range share the first or the last millisecond, as do versions without a time. In a
 * shared millisecond the version inside the value decides, so only the older of two values is lost.
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

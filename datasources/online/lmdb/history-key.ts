import { MAX_ENTITY_ID_BYTES } from '../../../values/entity-id.js';
import { textSize, writeText } from '../../../runtime/write-bytes.js';
import type { ValueVersion } from '../online-store.js';

/**
 * The key of a row of the history. Its bytes are in the order in which rows count (docs/point-in-time.md): the rows of an
 * entity are together, the newest last.
 *
 *   u16 size of the id | id | event time, 8 bytes | creation time | sequence | arrival, 6 bytes
 *   a time or a sequence: 8 bytes, the sign flipped, so that negative numbers come first
 *   creation time and sequence: one byte 0 for an unknown one, which counts as the oldest; else 1 and 8 bytes
 *
 * The size comes first, so that the keys of an id never lie between those of another. The event time of a static source is 0.
 */
const TIME_BYTES = 8;
const MAX_SUFFIX_BYTES = TIME_BYTES + 9 + 9 + 6;
const MAX_KEY_BYTES = 2 + MAX_ENTITY_ID_BYTES + MAX_SUFFIX_BYTES;
const AFTER_ALL = 0xff;

const scratch = Buffer.alloc(MAX_KEY_BYTES);
const scratchNumber = new DataView(new ArrayBuffer(8));

/** The key of a row, for a call of LMDB that copies it. It is valid until the next call. */
export function rowKey(
  entityId: string,
  { timestamp, createdTimestamp, sequence }: ValueVersion,
  arrival: number,
): Buffer {
  let at = writeId(entityId, scratch);
  at = writeOrdered(timestamp ?? 0n, scratch, at);
  at = writeOptional(createdTimestamp, scratch, at);
  at = writeOptional(sequence, scratch, at);
  at = scratch.writeUIntBE(arrival, at, 6);
  return (rowKeys[at] ??= scratch.subarray(0, at));
}

/** By length: making a Buffer for each key takes longer than writing it. */
const rowKeys: (Buffer | undefined)[] = [];

export interface KeyRange {
  /** Before all keys of the range. */
  readonly before: Buffer;
  /** After all keys of the range. */
  readonly after: Buffer;
}

/** The keys of an entity up to a time; null: all of them. `isStrict`: without those of exactly this time. */
export function keysUpTo(entityId: string, time: bigint | null, isStrict = false): KeyRange {
  const end = writeId(entityId, scratch);
  const before = Buffer.from(scratch.subarray(0, end));
  const after = Buffer.allocUnsafe(end + TIME_BYTES + 1);
  before.copy(after);
  if (time === null) return { before, after: after.fill(AFTER_ALL, end) };
  writeOrdered(time, after, end);
  // A key goes on after its time, with a byte of 0 or 1.
  return { before, after: isStrict ? after.subarray(0, end + TIME_BYTES) : after.fill(AFTER_ALL, end + TIME_BYTES) };
}

function writeId(entityId: string, key: Buffer): number {
  const size = textSize(entityId);
  key.writeUInt16BE(size, 0);
  return writeText(entityId, key, 2);
}

function writeOptional(value: bigint | null, key: Buffer, at: number): number {
  key[at] = value === null ? 0 : 1;
  return value === null ? at + 1 : writeOrdered(value, key, at + 1);
}

function writeOrdered(value: bigint, key: Buffer, at: number): number {
  scratchNumber.setBigInt64(0, value);
  key.writeUInt32BE((scratchNumber.getUint32(0) ^ 0x80000000) >>> 0, at);
  return key.writeUInt32BE(scratchNumber.getUint32(4), at + 4);
}

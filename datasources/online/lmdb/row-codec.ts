import { readInt64, writeInt64 } from '../../../runtime/write-bytes.js';
import type { RawValue } from '../../../values/value-type.js';
import { compareVersions, type ValueVersion } from '../online-store.js';
import { decodeValue, encodedSize, writeValue } from '../value-codec.js';

/**
 * All values of one entity in one LMDB value. The layout allows reading a few features of a wide row without decoding
 * the rest. Decoding is most of a store read, and msgpack or JSON would decode 200 features to return 10.
 *
 *   u8 format | u16 versions | u16 slots | versions x 24 bytes | slots x 8 bytes, sorted by number | values
 *   a version: timestamp, created timestamp, sequence, each i64 with the least one for null
 *   a slot:    u16 number of the feature, u16 index of its version, u32 offset of its value
 *
 * Features written together share one version, so a dense row stores its three times once.
 */
const FORMAT = 1;
const HEADER_BYTES = 5;
const VERSION_BYTES = 24;
const SLOT_BYTES = 8;
const NULL_INT64 = -(2n ** 63n);

export interface Slot {
  readonly version: ValueVersion;
  readonly value: RawValue | null;
}

/** A slot of a stored row, whose value a merge copies as bytes: decoding and encoding it was most of a write. */
export interface StoredSlot {
  readonly version: ValueVersion;
  readonly bytes: Buffer;
  readonly start: number;
  readonly end: number;
}

export type AnySlot = Slot | StoredSlot;

export function encodeRow(slots: ReadonlyMap<number, AnySlot>): Buffer {
  const sorted = [...slots].sort(([a], [b]) => a - b);
  const versions = new Versions();
  const indexes = sorted.map(([, { version }]) => versions.indexOf(version));
  let offset = HEADER_BYTES + versions.all.length * VERSION_BYTES + sorted.length * SLOT_BYTES;
  const row = Buffer.allocUnsafe(sorted.reduce((size, [, slot]) => size + slotSize(slot), offset));
  row.writeUInt8(FORMAT, 0);
  row.writeUInt16LE(versions.all.length, 1);
  row.writeUInt16LE(sorted.length, 3);
  let at = HEADER_BYTES;
  for (const version of versions.all) {
    at = writeInt64(version.timestamp ?? NULL_INT64, row, at);
    at = writeInt64(version.createdTimestamp ?? NULL_INT64, row, at);
    at = writeInt64(version.sequence ?? NULL_INT64, row, at);
  }
  for (const [index, [number, slot]] of sorted.entries()) {
    at = row.writeUInt16LE(number, at);
    at = row.writeUInt16LE(indexes[index]!, at);
    at = row.writeUInt32LE(offset, at);
    offset =
      'bytes' in slot
        ? offset + slot.bytes.copy(row, offset, slot.start, slot.end)
        : writeValue(slot.value, row, offset);
  }
  return row;
}

/**
 * Encodes a row whose slots all have the same version: the numbers are in order, and values[i] is that of numbers[i]. It
 * gives the bytes of `encodeRow` without a list of slots, which most rows of a write do not need.
 */
export function encodeUniformRow(
  numbers: readonly number[],
  values: readonly (RawValue | null)[],
  version: ValueVersion,
): Buffer {
  let offset = HEADER_BYTES + VERSION_BYTES + numbers.length * SLOT_BYTES;
  let size = offset;
  for (const value of values) size += encodedSize(value);
  const row = Buffer.allocUnsafe(size);
  row[0] = FORMAT;
  row.writeUInt16LE(1, 1);
  let at = row.writeUInt16LE(numbers.length, 3);
  at = writeInt64(version.timestamp ?? NULL_INT64, row, at);
  at = writeInt64(version.createdTimestamp ?? NULL_INT64, row, at);
  at = writeInt64(version.sequence ?? NULL_INT64, row, at);
  for (let index = 0; index < numbers.length; index += 1) {
    at = row.writeUInt16LE(numbers[index]!, at);
    at = row.writeUInt16LE(0, at);
    at = row.writeUInt32LE(offset, at);
    offset = writeValue(values[index]!, row, offset);
  }
  return row;
}

function slotSize(slot: AnySlot): number {
  return 'bytes' in slot ? slot.end - slot.start : encodedSize(slot.value);
}

/** The different versions of a row. Most slots share the object of their version. */
class Versions {
  readonly all: ValueVersion[] = [];
  readonly #indexes = new Map<ValueVersion, number>();

  indexOf(version: ValueVersion): number {
    let index = this.#indexes.get(version);
    if (index !== undefined) return index;
    index = this.all.findIndex((other) => compareVersions(other, version) === 0);
    if (index < 0) index = this.all.push(version) - 1;
    this.#indexes.set(version, index);
    return index;
  }
}

/** Reads slots of one row in place. Decodes only the requested features. */
export class RowReader {
  readonly #slots: number;
  readonly #count: number;
  /** The position after the one that was found last: features are often asked for in the order of the row. */
  #next = 0;
  /** The time that was read last: most slots of a row share it, and making a bigint is most of reading it. */
  #timestampAt = -1;
  #timestamp: bigint | null = null;

  constructor(readonly bytes: Buffer) {
    if (bytes[0] !== FORMAT) throw new Error(`a stored row has the unknown format ${bytes[0]}`);
    this.#slots = HEADER_BYTES + bytes.readUInt16LE(1) * VERSION_BYTES;
    this.#count = bytes.readUInt16LE(3);
  }

  /** Whether all slots have one version, which is not newer than `version`, and their numbers are among `numbers`, which are in order. */
  isReplacedBy(numbers: readonly number[], version: ValueVersion): boolean {
    if (this.#slots !== HEADER_BYTES + VERSION_BYTES || this.#count === 0) return false;
    const stored = readInt64(this.bytes, HEADER_BYTES);
    // Most rows are of a later time, which is the first of the three times of a version.
    const isLater = version.timestamp !== null && version.timestamp > stored;
    if (!isLater && compareVersions(version, this.version(0)) < 0) return false;
    let next = 0;
    for (let position = 0; position < this.#count; position += 1) {
      const number = this.bytes.readUInt16LE(this.#slots + position * SLOT_BYTES);
      while (next < numbers.length && numbers[next]! < number) next += 1;
      if (numbers[next] !== number) return false;
    }
    return true;
  }

  /** The position of a feature in the row, or -1. Binary search: slots are sorted by number. */
  find(number: number): number {
    if (this.#next < this.#count && this.#numberAt(this.#next) === number) return this.#next++;
    const position = this.#search(number);
    if (position >= 0) this.#next = position + 1;
    return position;
  }

  #search(number: number): number {
    let low = 0;
    let high = this.#count - 1;
    while (low <= high) {
      const middle = (low + high) >> 1;
      const found = this.#numberAt(middle);
      if (found === number) return middle;
      if (found < number) low = middle + 1;
      else high = middle - 1;
    }
    return -1;
  }

  value(position: number): RawValue | null {
    return decodeValue(this.bytes, this.#offset(position), this.#end(position));
  }

  timestamp(position: number): bigint | null {
    const at = this.#versionAt(position);
    if (at !== this.#timestampAt) {
      this.#timestamp = this.#int64(at);
      this.#timestampAt = at;
    }
    return this.#timestamp;
  }

  version(position: number): ValueVersion {
    const at = this.#versionAt(position);
    return { timestamp: this.#int64(at), createdTimestamp: this.#int64(at + 8), sequence: this.#int64(at + 16) };
  }

  /** Every slot, for a write that merges into the row. They are valid as long as the bytes of the row. */
  slots(): Map<number, AnySlot> {
    const versions = new Map<number, ValueVersion>();
    const slots = new Map<number, AnySlot>();
    for (let position = 0; position < this.#count; position += 1) {
      const at = this.#versionAt(position);
      let version = versions.get(at);
      if (!version) versions.set(at, (version = this.version(position)));
      const number = this.#numberAt(position);
      slots.set(number, { version, bytes: this.bytes, start: this.#offset(position), end: this.#end(position) });
    }
    return slots;
  }

  #numberAt(position: number): number {
    return this.bytes.readUInt16LE(this.#slots + position * SLOT_BYTES);
  }

  #offset(position: number): number {
    return this.bytes.readUInt32LE(this.#slots + position * SLOT_BYTES + 4);
  }

  #end(position: number): number {
    return position + 1 < this.#count ? this.#offset(position + 1) : this.bytes.length;
  }

  #versionAt(position: number): number {
    return HEADER_BYTES + this.bytes.readUInt16LE(this.#slots + position * SLOT_BYTES + 2) * VERSION_BYTES;
  }

  #int64(at: number): bigint | null {
    const value = readInt64(this.bytes, at);
    return value === NULL_INT64 ? null : value;
  }
}

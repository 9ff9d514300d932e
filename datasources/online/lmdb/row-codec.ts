import type { RawValue } from '../../../values/value-type.js';
import type { ValueVersion } from '../online-store.js';
import { decodeValue, encodeValue } from '../value-codec.js';

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

export function encodeRow(slots: ReadonlyMap<number, Slot>): Buffer {
  const sorted = [...slots].sort(([a], [b]) => a - b);
  const versions = new Map<string, { readonly index: number; readonly version: ValueVersion }>();
  const indexOf = (version: ValueVersion): number => {
    const key = `${version.timestamp}/${version.createdTimestamp}/${version.sequence}`;
    const known = versions.get(key) ?? { index: versions.size, version };
    versions.set(key, known);
    return known.index;
  };
  const entries = sorted.map(([number, slot]) => ({
    number,
    index: indexOf(slot.version),
    bytes: encodeValue(slot.value),
  }));

  const head = Buffer.allocUnsafe(HEADER_BYTES + versions.size * VERSION_BYTES + entries.length * SLOT_BYTES);
  head.writeUInt8(FORMAT, 0);
  head.writeUInt16LE(versions.size, 1);
  head.writeUInt16LE(entries.length, 3);
  let at = HEADER_BYTES;
  for (const { version } of versions.values()) {
    at = head.writeBigInt64LE(version.timestamp ?? NULL_INT64, at);
    at = head.writeBigInt64LE(version.createdTimestamp ?? NULL_INT64, at);
    at = head.writeBigInt64LE(version.sequence ?? NULL_INT64, at);
  }
  let offset = head.length;
  for (const entry of entries) {
    at = head.writeUInt16LE(entry.number, at);
    at = head.writeUInt16LE(entry.index, at);
    at = head.writeUInt32LE(offset, at);
    offset += entry.bytes.length;
  }
  return Buffer.concat([head, ...entries.map((entry) => entry.bytes)]);
}

/** Reads slots of one row in place. Decodes only the requested features. */
export class RowReader {
  readonly #slots: number;
  readonly #count: number;

  constructor(readonly bytes: Buffer) {
    if (bytes[0] !== FORMAT) throw new Error(`a stored row has the unknown format ${bytes[0]}`);
    this.#slots = HEADER_BYTES + bytes.readUInt16LE(1) * VERSION_BYTES;
    this.#count = bytes.readUInt16LE(3);
  }

  /** The position of a feature in the row, or -1. Binary search: slots are sorted by number. */
  find(number: number): number {
    let low = 0;
    let high = this.#count - 1;
    while (low <= high) {
      const middle = (low + high) >> 1;
      const found = this.bytes.readUInt16LE(this.#slots + middle * SLOT_BYTES);
      if (found === number) return middle;
      if (found < number) low = middle + 1;
      else high = middle - 1;
    }
    return -1;
  }

  value(position: number): RawValue | null {
    const start = this.#offset(position);
    return decodeValue(this.bytes, start, position + 1 < this.#count ? this.#offset(position + 1) : this.bytes.length);
  }

  timestamp(position: number): bigint | null {
    return this.#int64(this.#versionAt(position));
  }

  version(position: number): ValueVersion {
    const at = this.#versionAt(position);
    return { timestamp: this.#int64(at), createdTimestamp: this.#int64(at + 8), sequence: this.#int64(at + 16) };
  }

  /** Every slot, for a write that merges into the row. */
  slots(): Map<number, Slot> {
    return new Map(
      Array.from({ length: this.#count }, (_, position) => [
        this.bytes.readUInt16LE(this.#slots + position * SLOT_BYTES),
        { version: this.version(position), value: this.value(position) },
      ]),
    );
  }

  #offset(position: number): number {
    return this.bytes.readUInt32LE(this.#slots + position * SLOT_BYTES + 4);
  }

  #versionAt(position: number): number {
    return HEADER_BYTES + this.bytes.readUInt16LE(this.#slots + position * SLOT_BYTES + 2) * VERSION_BYTES;
  }

  #int64(at: number): bigint | null {
    const value = this.bytes.readBigInt64LE(at);
    return value === NULL_INT64 ? null : value;
  }
}

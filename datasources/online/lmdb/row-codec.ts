import type { ByteWriter } from '../../../runtime/byte-writer.js';
import { readInt64 } from '../../../runtime/write-bytes.js';
import type { RawValue, ValueType } from '../../../values/value-type.js';
import { compareVersions, type ValueVersion } from '../online-store.js';
import { decodeValue } from '../value-codec.js';
import { writeStoredText } from '../stored-text.js';
import { HEADER_BYTES, NULL_INT64, ROW_FORMAT, SLOT_BYTES, VERSION_BYTES } from './row-layout.js';
import { readTime, type StoredTime } from './stored-time.js';

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
    if (bytes[0] !== ROW_FORMAT) throw new Error(`a stored row has the unknown format ${bytes[0]}`);
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

  /** Writes the JSON of the value for clients. Returns whether it has a value. */
  writeText(position: number, valueType: ValueType, to: ByteWriter): boolean {
    return writeStoredText(valueType, this.bytes, this.#offset(position), this.#end(position), to);
  }

  time(position: number): StoredTime {
    return readTime(this.bytes, this.#versionAt(position));
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

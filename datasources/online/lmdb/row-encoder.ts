import { ByteWriter } from '../../../runtime/byte-writer.js';
import type { RawValue } from '../../../values/value-type.js';
import { compareVersions, type ValueVersion } from '../online-store.js';
import { writeValue } from '../value-codec.js';
import type { AnySlot } from './row-codec.js';
import { NULL_INT64, ROW_FORMAT, SLOT_BYTES } from './row-layout.js';

/** A row is written by one transaction at a time, and LMDB copies it in the call of `put` there. */
const writer = new ByteWriter();

/** Encodes a row. The result is valid until the next row is encoded: put it into LMDB at once, in a transaction. */
export function encodeRow(slots: ReadonlyMap<number, AnySlot>): Buffer {
  const sorted = inOrder(slots);
  const versions = new Versions();
  const indexes: number[] = [];
  for (const slot of sorted.values()) indexes.push(versions.indexOf(slot.version));
  writeHeader(versions.all.length, sorted.size);
  for (const version of versions.all) writeVersion(version);
  let directory = writer.skip(sorted.size * SLOT_BYTES);
  let index = 0;
  for (const [number, slot] of sorted) {
    directory = setSlot(directory, number, indexes[index++]!);
    if ('bytes' in slot) writer.bytes(slot.bytes, slot.start, slot.end);
    else writeValue(slot.value, writer);
  }
  return writer.written();
}

/**
 * Encodes a row whose slots all have the same version: the numbers are in order, and values[i] is that of numbers[i]. It
 * gives the bytes of `encodeRow` without a list of slots, which most rows of a write do not need. The result is valid as
 * long as one of `encodeRow`.
 */
export function encodeUniformRow(
  numbers: readonly number[],
  values: readonly (RawValue | null)[],
  version: ValueVersion,
): Buffer {
  writeHeader(1, numbers.length);
  writeVersion(version);
  let directory = writer.skip(numbers.length * SLOT_BYTES);
  for (let index = 0; index < numbers.length; index += 1) {
    directory = setSlot(directory, numbers[index]!, 0);
    writeValue(values[index]!, writer);
  }
  return writer.written();
}

function writeHeader(versions: number, slots: number): void {
  writer.begin();
  writer.uint8(ROW_FORMAT);
  writer.uint16(versions);
  writer.uint16(slots);
}

function writeVersion({ timestamp, createdTimestamp, sequence }: ValueVersion): void {
  writer.int64(timestamp ?? NULL_INT64);
  writer.int64(createdTimestamp ?? NULL_INT64);
  writer.int64(sequence ?? NULL_INT64);
}

/** The slot's value is what is written next. Returns the position of the next slot. */
function setSlot(at: number, number: number, version: number): number {
  writer.setUint16(at, number);
  writer.setUint16(at + 2, version);
  writer.setUint32(at + 4, writer.length);
  return at + SLOT_BYTES;
}

/** Most rows have their slots in order already: a fill writes features in the order of their numbers. */
function inOrder(slots: ReadonlyMap<number, AnySlot>): ReadonlyMap<number, AnySlot> {
  let last = -1;
  for (const number of slots.keys()) {
    if (number < last) return new Map([...slots].sort(([a], [b]) => a - b));
    last = number;
  }
  return slots;
}

/** The different versions of a row. Most slots share the object of their version, or have that of the slot before. */
class Versions {
  readonly all: ValueVersion[] = [];
  /** By event time, the last version of that time: a row may have as many times as features. */
  readonly #ofTimes = new Map<bigint | null, number>();
  /** For each version, the one before it of the same time. */
  readonly #before: (number | undefined)[] = [];
  #last = -1;

  indexOf(version: ValueVersion): number {
    const last = this.all[this.#last];
    if (last === version || (last && compareVersions(last, version) === 0)) return this.#last;
    return (this.#last = this.#find(version));
  }

  #find(version: ValueVersion): number {
    const newest = this.#ofTimes.get(version.timestamp);
    for (let known = newest; known !== undefined; known = this.#before[known]) {
      if (compareVersions(this.all[known]!, version) === 0) return known;
    }
    const index = this.all.push(version) - 1;
    this.#before.push(newest);
    this.#ofTimes.set(version.timestamp, index);
    return index;
  }
}

import { MAX_DEPTH, readUtf8 } from './message-format.js';

/**
 * An item without bytes (a null, a record without fields) has no bound by the length of the message. All of a message count:
 * a list of lists of them would have so many for every few bytes.
 */
const MAX_EMPTY_ITEMS = 10_000;

/** The values of Avro's binary encoding, one after another. Throws for bytes that are none. */
export class AvroBytes {
  readonly #data: DataView;
  #at = 0;
  #emptyItems = 0;
  #depth = 0;

  constructor(private readonly bytes: Uint8Array) {
    this.#data = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get isAtEnd(): boolean {
    return this.#at === this.bytes.length;
  }

  boolean(): boolean {
    const value = this.#data.getUint8(this.#skip(1));
    if (value > 1) throw new RangeError('neither true nor false');
    return value === 1;
  }

  int(): number {
    const value = this.long();
    if (BigInt.asIntN(32, value) !== value) throw new RangeError('beyond 32 bits');
    return Number(value);
  }

  long(): bigint {
    let zigzag = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = this.#data.getUint8(this.#skip(1));
      zigzag |= BigInt(byte & 0x7f) << shift;
      if (zigzag >> 64n) throw new RangeError('beyond 64 bits');
      if (byte < 0x80) return (zigzag >> 1n) ^ -(zigzag & 1n);
      if (shift >= 63n) throw new RangeError('no end of a number');
    }
  }

  float(): number {
    return this.#data.getFloat32(this.#skip(4), true);
  }

  double(): number {
    return this.#data.getFloat64(this.#skip(8), true);
  }

  /** A copy: a part of a message would keep all of it in memory. */
  fixed(length: number): Uint8Array {
    const start = this.#skip(length);
    return Buffer.from(this.bytes.subarray(start, start + length));
  }

  variable(): Uint8Array {
    return this.fixed(this.#length());
  }

  text(): string {
    const length = this.#length();
    const start = this.#skip(length);
    return readUtf8(this.bytes.subarray(start, start + length));
  }

  /** Reads the items of the blocks of an array or a map. */
  items(read: () => void): void {
    for (;;) {
      const written = this.long();
      if (written === 0n) return;
      // A negative count is followed by the length of the block, for those who skip it.
      if (written < 0n) this.long();
      const count = written < 0n ? -written : written;
      const before = this.#at;
      for (let item = 0n; item < count; item += 1n) {
        read();
        if (this.#at > before) continue;
        this.#emptyItems += 1;
        if (this.#emptyItems > MAX_EMPTY_ITEMS) throw new RangeError('too many items');
      }
    }
  }

  /** Reads a record. Only records can be in themselves. */
  record<Result>(read: () => Result): Result {
    this.#depth += 1;
    if (this.#depth > MAX_DEPTH) throw new RangeError('too many records in one another');
    const value = read();
    this.#depth -= 1;
    return value;
  }

  #length(): number {
    const length = this.long();
    if (length < 0n || length > BigInt(this.bytes.length)) throw new RangeError('no length');
    return Number(length);
  }

  #skip(length: number): number {
    const start = this.#at;
    if (start + length > this.bytes.length) throw new RangeError('no end of a value');
    this.#at += length;
    return start;
  }
}

const FIRST_CAPACITY = 16_384;

/** A buffer beyond this size is not kept for the next use. */
const MAX_KEPT_CAPACITY = 4_194_304;

/** Buffers of longer contents are made anew each time. */
const MAX_KEPT_LENGTH = 1_024;

const MAX_INT64 = 2n ** 63n - 1n;
const MIN_INT64 = -(2n ** 63n);

/** Longer texts are quicker in a call of Buffer.write. */
const MAX_SHORT_TEXT = 40;

/** Longer ranges of bytes are quicker in a call of TypedArray.set. */
const MAX_SHORT_BYTES = 24;

/** UTF-8 has at most so many bytes for each unit of a text. */
const BYTES_OF_UNIT = 3;

/**
 * Writes numbers, texts and bytes one after the other into memory that grows and is used again: no look at the sizes
 * before, and no buffer for each row. Numbers are little-endian.
 *
 * A DataView on the same memory writes numbers of 64 bits: Buffer.writeBigInt64LE computes with BigInts.
 */
export class ByteWriter {
  #bytes: Buffer = Buffer.allocUnsafeSlow(FIRST_CAPACITY);
  #view = viewOf(this.#bytes);
  #at = 0;
  /** The parts of the memory that were given, by length: rows have few lengths, and making a Buffer takes long. */
  #given: (Buffer | undefined)[] = [];
  #maxLength = Infinity;

  /** Begins anew. What `written` gave before is not valid any more. */
  begin(): this {
    if (this.#bytes.length > MAX_KEPT_CAPACITY) this.#move(Buffer.allocUnsafeSlow(FIRST_CAPACITY), 0);
    this.#at = 0;
    return this;
  }

  /** The number of bytes so far. */
  get length(): number {
    return this.#at;
  }

  /** The bytes since `begin`, without a copy: valid until the next call of any other method. */
  written(): Buffer {
    const length = this.#at;
    if (length > MAX_KEPT_LENGTH) return this.#bytes.subarray(0, length);
    return (this.#given[length] ??= this.#bytes.subarray(0, length));
  }

  /** Copies bytes from a position on, as many as fit. Returns their number. */
  copyTo(target: Buffer, targetStart: number, start: number): number {
    return this.#bytes.copy(target, targetStart, start, this.#at);
  }

  /** The bytes from a position on, as the text that they are in UTF-8. */
  textFrom(start: number): string {
    return this.#bytes.toString('utf8', start, this.#at);
  }

  /** Forgets what was written from a position on. */
  truncate(length: number): void {
    this.#at = length;
  }

  /** Sets the length above which the content is of no use: who writes looks at `isFull` now and then. Returns the one before. */
  limit(maxLength: number): number {
    const before = this.#maxLength;
    this.#maxLength = maxLength;
    return before;
  }

  get isFull(): boolean {
    return this.#at > this.#maxLength;
  }

  uint8(value: number): void {
    this.#reserve(1);
    this.#bytes[this.#at++] = value;
  }

  uint16(value: number): void {
    this.#reserve(2);
    this.#view.setUint16(this.#at, value, true);
    this.#at += 2;
  }

  uint32(value: number): void {
    this.#reserve(4);
    this.#view.setUint32(this.#at, value, true);
    this.#at += 4;
  }

  /** Leaves room whose content is set later. Returns its position. */
  skip(bytes: number): number {
    const start = this.#at;
    this.#reserve(bytes);
    this.#at += bytes;
    return start;
  }

  /** Overwrites bytes that were written or skipped before. */
  setUint16(at: number, value: number): void {
    this.#view.setUint16(at, value, true);
  }

  setUint32(at: number, value: number): void {
    this.#view.setUint32(at, value, true);
  }

  /** Throws a RangeError for a number of more than 64 bits. */
  int64(value: bigint): void {
    if (value > MAX_INT64 || value < MIN_INT64) throw new RangeError(`${value} is no 64-bit integer`);
    this.#reserve(8);
    this.#view.setBigInt64(this.#at, value, true);
    this.#at += 8;
  }

  double(value: number): void {
    this.#reserve(8);
    this.#view.setFloat64(this.#at, value, true);
    this.#at += 8;
  }

  /** In UTF-8. A call of Buffer takes longer than a loop over a short text in ASCII. */
  text(text: string): void {
    this.#reserve(text.length * BYTES_OF_UNIT);
    const bytes = this.#bytes;
    const start = this.#at;
    if (text.length <= MAX_SHORT_TEXT) {
      let index = 0;
      for (; index < text.length; index += 1) {
        const code = text.charCodeAt(index);
        if (code > 0x7f) break;
        bytes[start + index] = code;
      }
      if (index === text.length) {
        this.#at = start + index;
        return;
      }
    }
    this.#at = start + bytes.write(text, start);
  }

  bytes(source: Uint8Array, start = 0, end = source.length): void {
    const size = end - start;
    this.#reserve(size);
    if (size > MAX_SHORT_BYTES) {
      this.#bytes.set(size === source.length ? source : source.subarray(start, end), this.#at);
    } else {
      const bytes = this.#bytes;
      const at = this.#at;
      for (let index = 0; index < size; index += 1) bytes[at + index] = source[start + index]!;
    }
    this.#at += size;
  }

  #reserve(bytes: number): void {
    const needed = this.#at + bytes;
    if (needed > this.#bytes.length)
      this.#move(Buffer.allocUnsafeSlow(Math.max(needed, 2 * this.#bytes.length)), this.#at);
  }

  #move(bytes: Buffer, kept: number): void {
    this.#bytes.copy(bytes, 0, 0, kept);
    this.#bytes = bytes;
    this.#view = viewOf(bytes);
    this.#given = [];
  }
}

function viewOf({ buffer, byteOffset, byteLength }: Buffer): DataView {
  return new DataView(buffer, byteOffset, byteLength);
}

import { zstdDecompressSync } from 'node:zlib';

const FRAME_MAGIC = 0xfd2fb528;
const SKIPPABLE_MAGIC = 0x184d2a50;
const RLE_BLOCK = 1;

/**
 * Yields the bytes of a Zstandard file in pieces that end where its frames end. Node's decompressor drops what follows a
 * frame in the same piece, and a file may have many frames: parallel compressors write them, and files are joined by
 * appending one to another. RFC 8878 describes the format.
 */
export async function* zstdFrames(source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const frames = new FrameReader();
  for await (const chunk of source) {
    let start = 0;
    while (start < chunk.length) {
      const end = frames.read(chunk, start);
      yield chunk.subarray(start, end);
      start = end;
    }
  }
}

/** Expands all frames of bytes that are in memory, as a page of Parquet: Node expands the first alone. */
export function expandZstd(bytes: Uint8Array): Buffer {
  const whole = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const frames = new FrameReader();
  const expanded: Buffer[] = [];
  for (let start = 0; start < whole.length;) {
    const end = frames.read(whole, start);
    expanded.push(zstdDecompressSync(whole.subarray(start, end)));
    start = end;
  }
  return Buffer.concat(expanded);
}

/** What the next bytes are. */
type Part = 'MAGIC' | 'SKIPPED_SIZE' | 'DESCRIPTOR' | 'BLOCK_HEADER' | 'UNREAD';

/** Knows where the frames end. It leaves it to the decompressor to refuse what is none. */
class FrameReader {
  #part: Part = 'MAGIC';
  readonly #bytes = Buffer.alloc(4);
  #have = 0;
  #need = 4;
  /** After the bytes that are not read. null: the end of the frame. */
  #next: 'BLOCK_HEADER' | null = null;
  #hasChecksum = false;

  /** Returns the end of the frame in the chunk, or the end of the chunk. */
  read(chunk: Buffer, start: number): number {
    let at = start;
    while (at < chunk.length) {
      const taken = Math.min(this.#need - this.#have, chunk.length - at);
      if (this.#part !== 'UNREAD') chunk.copy(this.#bytes, this.#have, at, at + taken);
      this.#have += taken;
      at += taken;
      if (this.#have < this.#need) break;
      if (this.#isFrameEnd()) return at;
    }
    return at;
  }

  /** Decides what follows a part that is complete. */
  #isFrameEnd(): boolean {
    switch (this.#part) {
      case 'MAGIC': {
        const magic = this.#bytes.readUInt32LE(0);
        if (magic === FRAME_MAGIC) this.#expect('DESCRIPTOR', 1);
        else if (magic >>> 4 === SKIPPABLE_MAGIC >>> 4) this.#expect('SKIPPED_SIZE', 4);
        else this.#leave(Infinity, null);
        return false;
      }
      case 'SKIPPED_SIZE':
        return this.#leave(this.#bytes.readUInt32LE(0), null);
      case 'DESCRIPTOR': {
        const descriptor = this.#bytes[0]!;
        const isSingleSegment = (descriptor & 0x20) !== 0;
        this.#hasChecksum = (descriptor & 0x04) !== 0;
        const sizeBytes = [isSingleSegment ? 1 : 0, 2, 4, 8][descriptor >>> 6]!;
        const dictionaryBytes = [0, 1, 2, 4][descriptor & 3]!;
        return this.#leave((isSingleSegment ? 0 : 1) + dictionaryBytes + sizeBytes, 'BLOCK_HEADER');
      }
      case 'BLOCK_HEADER': {
        const header = this.#bytes.readUIntLE(0, 3);
        const isLast = (header & 1) !== 0;
        const size = ((header >>> 1) & 3) === RLE_BLOCK ? 1 : header >>> 3;
        return isLast ? this.#leave(size + (this.#hasChecksum ? 4 : 0), null) : this.#leave(size, 'BLOCK_HEADER');
      }
      case 'UNREAD':
        return this.#follow();
    }
  }

  #expect(part: Part, bytes: number): void {
    this.#part = part;
    this.#have = 0;
    this.#need = bytes;
  }

  #leave(bytes: number, next: 'BLOCK_HEADER' | null): boolean {
    this.#next = next;
    this.#expect('UNREAD', bytes);
    return bytes === 0 && this.#follow();
  }

  #follow(): boolean {
    const isEnd = this.#next === null;
    this.#expect(isEnd ? 'MAGIC' : 'BLOCK_HEADER', isEnd ? 4 : 3);
    return isEnd;
  }
}

import { BLOCK_BYTES, ByteBlocks } from '../../runtime/byte-blocks.js';
import type { ByteWriter } from '../../runtime/byte-writer.js';

/** No text of JSON has this character, because JSON escapes it. It begins a mark: a number and END_OF_MARK follow. */
const MARK = '\u0000';
const END_OF_MARK = ';';

/** An answer as bytes, in several pieces. */
export interface AnswerBytes {
  readonly pieces: readonly Buffer[];
  readonly length: number;
  /** The bytes of memory that it holds: at least its length. */
  readonly memory: number;
  /** Its memory is used again. Call this when the pieces are sent; without a call, the memory is collected as garbage. */
  readonly release: () => void;
}

const blocks = new ByteBlocks();

/** The bytes of one answer that are not in its text, which has a mark in place of each part. */
export class AnswerParts {
  readonly #parts: (readonly Buffer[])[] = [];
  readonly #blocks: Buffer[] = [];
  /** The bytes of the last block that are used. */
  #used = 0;

  /** Copies what a writer has from a position on. Returns the mark that stands for it. */
  add(from: ByteWriter, start: number): string {
    const pieces: Buffer[] = [];
    for (let at = start; at < from.length;) {
      let block = this.#blocks.at(-1);
      if (!block || this.#used === block.length) {
        this.#blocks.push((block = blocks.take()));
        this.#used = 0;
      }
      const size = from.copyTo(block, this.#used, at);
      pieces.push(block.subarray(this.#used, this.#used + size));
      this.#used += size;
      at += size;
    }
    return `${MARK}${this.#parts.push(pieces) - 1}${END_OF_MARK}`;
  }

  /** A text with the bytes in place of the marks. A text without marks stays as it is. */
  insertInto(text: string): string | AnswerBytes {
    if (this.#parts.length === 0) return text;
    const [head = '', ...rest] = text.split(MARK);
    const pieces: Buffer[] = [Buffer.from(head)];
    for (const marked of rest) {
      const end = marked.indexOf(END_OF_MARK);
      pieces.push(...this.#parts[Number(marked.slice(0, end))]!, Buffer.from(marked.slice(end + END_OF_MARK.length)));
    }
    const length = pieces.reduce((size, piece) => size + piece.length, 0);
    const memory = Math.max(length, this.#blocks.length * BLOCK_BYTES);
    return { pieces, length, memory, release: () => this.#release() };
  }

  #release(): void {
    for (const block of this.#blocks.splice(0)) blocks.give(block);
  }
}

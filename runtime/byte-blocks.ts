/** Bytes of a block. An answer of a hundred rows has a few; a short one holds no more than this. */
export const BLOCK_BYTES = 32_768;

/** Blocks that wait for their next use: 16 MiB. More are left to the garbage collector. */
const MAX_KEPT_BLOCKS = 512;

/**
 * Memory for answers, which is used again. Memory that is new for each answer is cleared by the kernel, and makes V8 collect
 * garbage each 64 MB: both together were a fifth of a large read.
 */
export class ByteBlocks {
  readonly #free: Buffer[] = [];

  take(): Buffer {
    return this.#free.pop() ?? Buffer.allocUnsafeSlow(BLOCK_BYTES);
  }

  /** Gives a block back. No code may read or write it any more. */
  give(block: Buffer): void {
    if (this.#free.length < MAX_KEPT_BLOCKS) this.#free.push(block);
  }
}

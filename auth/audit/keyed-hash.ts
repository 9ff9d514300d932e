import { hash } from 'node:crypto';

const BLOCK_BYTES = 64;
const HASH_BYTES = 32;

/** A text of more bytes gets a buffer of its own, which is not kept. */
const KEPT_BYTES = 16_384;

/** The bytes of UTF-8 for a UTF-16 code unit, at most. */
const BYTES_PER_UNIT = 3;

/** For all keys: each use fills it and reads it at once. */
const kept = Buffer.alloc(BLOCK_BYTES + KEPT_BYTES);

/**
 * HMAC-SHA-256 (RFC 2104) of short texts, from two calls of `hash`. The object that `createHmac` makes for each text takes
 * three times as long as the hash itself.
 */
export class KeyedHash {
  readonly #inner = Buffer.alloc(BLOCK_BYTES, 0x36);
  readonly #outer = Buffer.alloc(BLOCK_BYTES + HASH_BYTES, 0x5c);

  constructor(key: Buffer) {
    // RFC 2104 hashes a longer key first. Those of the log are hashes.
    if (key.length > BLOCK_BYTES) throw new RangeError(`a key has at most ${BLOCK_BYTES} bytes, not ${key.length}`);
    for (const [index, byte] of key.entries()) {
      this.#inner[index]! ^= byte;
      this.#outer[index]! ^= byte;
    }
  }

  /** In base64url: 43 characters. */
  of(text: string): string {
    return hash('sha256', this.#withInner(text), 'base64url');
  }

  /** The first 16 bytes in base64url: 22 characters. */
  prefixOf(text: string): string {
    return hash('sha256', this.#withInner(text), 'buffer').toString('base64url', 0, 16);
  }

  #withInner(text: string): Buffer {
    const isShort = text.length * BYTES_PER_UNIT <= KEPT_BYTES;
    const bytes = isShort ? kept : Buffer.alloc(BLOCK_BYTES + Buffer.byteLength(text));
    this.#inner.copy(bytes);
    const end = BLOCK_BYTES + bytes.write(text, BLOCK_BYTES);
    this.#outer.write(hash('sha256', bytes.subarray(0, end), 'binary'), BLOCK_BYTES, HASH_BYTES, 'latin1');
    return this.#outer;
  }
}

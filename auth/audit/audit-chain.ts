import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { KeyedHash } from './keyed-hash.js';

/** Where a chain stands: the next line refers to it. */
export interface ChainPosition {
  /** Of the last line; 0 before the first. */
  readonly seq: number;
  readonly hash: string;
}

export const CHAIN_START: ChainPosition = { seq: 0, hash: '' };

/** A line whose hash is right. */
export interface ChainedLine extends ChainPosition {
  /** The hash of the line before it. */
  readonly prev: string;
  readonly content: Readonly<Record<string, unknown>>;
}

const HASH = /,"hash":"([\w-]{43})"\}$/;

/**
 * The chain of the audit log. Each line has a number and the hash of the line before it, and a keyed hash of itself: who
 * changes, removes or moves a line without the key breaks the chain from there on. The end of the log has no line after it:
 * only a position that was noted elsewhere shows that the last lines are gone.
 */
export class AuditChain {
  readonly #lineHash: KeyedHash;
  readonly #idHash: KeyedHash;

  constructor(key: Buffer) {
    // Hashes of ids are in the log: they must not help to forge a line.
    const derive = (purpose: string): KeyedHash => new KeyedHash(createHmac('sha256', key).update(purpose).digest());
    this.#lineHash = derive('featuregraph audit line');
    this.#idHash = derive('featuregraph audit entity id');
  }

  /** A line, with its end. `content` is the JSON text of an object that is not empty. */
  append(
    { seq, hash: prev }: ChainPosition,
    content: string,
  ): { readonly line: string; readonly position: ChainPosition } {
    const start = `{"seq":${seq + 1},${content.slice(1, -1)},"prev":"${prev}"`;
    const hash = this.#lineHash.of(`${start}}`);
    return { line: `${start},"hash":"${hash}"}\n`, position: { seq: seq + 1, hash } };
  }

  /** The line of a text without its end; undefined if its hash is not right. */
  read(text: string): ChainedLine | undefined {
    const found = HASH.exec(text);
    if (!found) return undefined;
    const body = `${text.slice(0, found.index)}}`;
    const hash = found[1]!;
    if (!timingSafeEqual(Buffer.from(this.#lineHash.of(body)), Buffer.from(hash))) return undefined;
    const { seq, prev, ...content } = JSON.parse(body) as { seq: number; prev: string };
    return { seq, prev, hash, content };
  }

  /** The keyed hash of an entity id: the same entity has the same hash, and a reader without the key cannot guess ids by it. */
  hashId(entityType: string, entityId: string): string {
    return this.#idHash.prefixOf(`${entityType}\0${entityId}`);
  }

  /** The keyed hash of a document, by which attempts with the same text are found. The name of an entity type has a point. */
  hashDocument(text: string): string {
    return this.hashId('document', text);
  }
}

/** What a torn line is recognized by. */
export function tornPart(text: string): { readonly bytes: number; readonly sha256: string } {
  return { bytes: Buffer.byteLength(text), sha256: createHash('sha256').update(text).digest('base64url') };
}

import { LRUCache } from 'lru-cache';
import { QUERY_LIMITS } from '../../limits/query-limits.js';
import type { KnownOperation } from './known-operation.js';

type Operations = Map<string | undefined, KnownOperation>;

/** About the bytes that the parsed document has for each character of its text, and a plan for each of its fields. */
const BYTES_PER_CHARACTER = 200;
const BYTES_PER_FIELD = 2_000;

/**
 * The documents that Apollo accepted, by their exact text and the name of the operation. Their plans are made from nothing
 * else, so a client can add only what it may also run. The least used ones are dropped at the limit of bytes.
 */
export class KnownDocuments {
  readonly #documents = new LRUCache<string, Operations>({
    maxSize: QUERY_LIMITS.maxKnownDocumentBytes,
    sizeCalculation: sizeOf,
  });

  find(text: string, operationName: string | undefined): KnownOperation | undefined {
    return this.#documents.get(text)?.get(operationName);
  }

  add(text: string, known: KnownOperation): void {
    const operations: Operations = this.#documents.get(text) ?? new Map<string | undefined, KnownOperation>();
    this.#documents.set(text, operations.set(known.operationName, known));
  }

  /** Counts the plans of a document that were made since it was added. */
  measure(text: string): void {
    const operations = this.#documents.get(text);
    if (operations) this.#documents.set(text, new Map(operations));
  }
}

function sizeOf(operations: Operations, text: string): number {
  let size = text.length * BYTES_PER_CHARACTER;
  for (const { fieldCount } of operations.values()) size += fieldCount * BYTES_PER_FIELD;
  return Math.max(1, size);
}

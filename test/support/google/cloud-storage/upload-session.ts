import type { IncomingMessage } from 'node:http';
import type { StoredObject } from './stored-objects.js';

/** Each chunk of a resumable upload but the last has a multiple of this, and so has what an interrupted one leaves. */
export const QUANTUM_BYTES = 256 * 1024;

/** `bytes FIRST-LAST/TOTAL`. A question has no `first`; `last` and `total` are null where the header has a star. */
export interface ContentRange {
  readonly first: number | null;
  readonly last: number | null;
  readonly total: number | null;
}

/** null: no header, so the request has all the bytes. 'INVALID': not a Content-Range. */
export function readContentRange(header: string | undefined): ContentRange | null | 'INVALID' {
  if (header === undefined) return null;
  const [, first, last, total] = /^bytes (?:(\d+)-(\d+|\*)|\*)\/(\d+|\*)$/.exec(header) ?? [];
  if (total === undefined) return 'INVALID';
  const read = (digits: string | undefined): number | null => (digits === undefined || digits === '*' ? null : +digits);
  return { first: read(first), last: read(last), total: read(total) };
}

/** The session of one resumable upload. It keeps what it got, also of a request that broke off. */
export class UploadSession {
  /** What became of a whole upload. */
  stored: StoredObject | 'REFUSED' | null = null;
  #chunks: Buffer[] = [];
  #total: number | null = null;

  constructor(
    readonly name: string,
    readonly metadata: Readonly<Record<string, string>>,
    readonly query: URLSearchParams,
  ) {}

  get bytes(): Buffer {
    return Buffer.concat(this.#chunks);
  }

  get kept(): number {
    return this.#chunks.reduce((sum, { length }) => sum + length, 0);
  }

  get isComplete(): boolean {
    return this.#total !== null && this.kept === this.#total;
  }

  /** The header of an answer 308. Absent: there are no bytes. */
  get range(): { readonly range?: string } {
    return this.kept === 0 ? {} : { range: `bytes=0-${this.kept - 1}` };
  }

  /** What Cloud Storage refuses of a request; null: nothing. Notes the size of the whole. */
  findFault(range: ContentRange | null | 'INVALID', contentLength: string | undefined): string | null {
    if (range === 'INVALID') return 'Failed to parse Content-Range header.';
    const { first, last, total } = range ?? { first: 0, last: null, total: null };
    if (total !== null && this.#total !== null && total !== this.#total) return 'The size of the upload changed.';
    if (first === null) return contentLength === '0' ? null : 'A question has no bytes.';
    if (this.isComplete) return 'The upload has ended.';
    if (first !== this.kept) return `The upload has ${this.kept} bytes, and the request begins at ${first}.`;
    if (last !== null) {
      const length = last - first + 1;
      if (contentLength !== undefined && Number(contentLength) !== length) return 'Content-Length and Content-Range';
      if (total !== null && last >= total) return 'The range ends after the upload.';
      const isLast = total !== null && last === total - 1;
      if (!isLast && length % QUANTUM_BYTES !== 0) return 'A chunk has a multiple of 262144 bytes.';
    }
    // A request with a star for its end has all the bytes that are left, however many.
    this.#total = total;
    this.#isOpen = last === null && total === null;
    return null;
  }

  #isOpen = false;

  /** Keeps the bytes of a request, at most `limit`. Those of one that breaks off are kept in whole quanta. */
  async receive(request: IncomingMessage, limit: number): Promise<void> {
    const got: Buffer[] = [];
    let length = 0;
    for await (const chunk of request.iterator({ destroyOnReturn: false })) {
      got.push(chunk as Buffer);
      length += (chunk as Buffer).length;
      if (length >= limit) break;
    }
    const bytes = Buffer.concat(got);
    const isBroken = limit !== Infinity;
    const kept = isBroken ? Math.floor(Math.min(limit, length) / QUANTUM_BYTES) * QUANTUM_BYTES : length;
    if (kept > 0) this.#chunks.push(bytes.subarray(0, kept));
    if (this.#isOpen && !isBroken) this.#total = this.kept;
  }
}

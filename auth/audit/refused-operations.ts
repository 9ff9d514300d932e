import type { AuditedRefusedOperations, RefusedOperation } from './audit-record.js';

export interface RefusedOperationsLimits {
  readonly maxRefusedOperations: number;
  readonly maxRefusedOperationsOfPrincipal: number;
}

type Counted = AuditedRefusedOperations['operations'][number];

/**
 * Counts operations that did not run, by principal and code, until they are taken for a line of the log. The first of each
 * is described. One principal can fill only its share of a line, so its flood does not hide the attempts of another.
 */
export class RefusedOperations {
  readonly #counts = new Map<string, { readonly first: Omit<Counted, 'refusals'>; refusals: number }>();
  /** The entries of each principal. */
  readonly #entries = new Map<string, number>();
  #refusals = 0;
  #since = '';

  constructor(
    private readonly limits: RefusedOperationsLimits,
    /** The keyed hash of a document. */
    private readonly hash: (document: string) => string,
  ) {}

  /** Whether this is the first since the last line. */
  add({ principal, requestId, operation, code, document }: RefusedOperation, time: () => string): boolean {
    const isFirst = this.#refusals === 0;
    if (isFirst) this.#since = time();
    this.#refusals += 1;
    const key = `${code} ${principal}`;
    const known = this.#counts.get(key);
    const own = this.#entries.get(principal) ?? 0;
    if (known) known.refusals += 1;
    else if (
      this.#counts.size < this.limits.maxRefusedOperations &&
      own < this.limits.maxRefusedOperationsOfPrincipal
    ) {
      // A document is hashed only here: a flood of large ones must not cost a hash each.
      const hashed = document === null ? null : this.hash(document);
      const first = {
        principal,
        decision: 'REFUSED',
        code,
        time: time(),
        requestId,
        operation,
        document: hashed,
      } as const;
      this.#counts.set(key, { first, refusals: 1 });
      this.#entries.set(principal, own + 1);
    }
    return isFirst;
  }

  /** What was counted since the last call; null if nothing was. */
  take(): AuditedRefusedOperations | null {
    if (this.#refusals === 0) return null;
    const operations = [...this.#counts.values()].map(({ first, refusals }) => ({ ...first, refusals }));
    const taken = { since: this.#since, refusals: this.#refusals, operations };
    this.#refusals = 0;
    this.#counts.clear();
    this.#entries.clear();
    return taken;
  }
}

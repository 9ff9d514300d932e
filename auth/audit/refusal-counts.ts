import type { AuditedRefusals } from './audit-record.js';

/** Counts refused credentials, of a bounded number of addresses, until they are taken for a line of the log. */
export class RefusalCounts {
  readonly #counts = new Map<string, { readonly address: string; readonly reason: string; refusals: number }>();
  #refusals = 0;
  #since = '';

  constructor(private readonly maxAddresses: number) {}

  /** Whether this is the first since the last line. */
  add(address: string, reason: string, time: () => string): boolean {
    const isFirst = this.#refusals === 0;
    if (isFirst) this.#since = time();
    this.#refusals += 1;
    const key = `${reason} ${address}`;
    const known = this.#counts.get(key);
    if (known) known.refusals += 1;
    else if (this.#counts.size < this.maxAddresses) this.#counts.set(key, { address, reason, refusals: 1 });
    return isFirst;
  }

  /** What was counted since the last call; null if nothing was. */
  take(): AuditedRefusals | null {
    if (this.#refusals === 0) return null;
    const taken = { since: this.#since, refusals: this.#refusals, addresses: [...this.#counts.values()] };
    this.#refusals = 0;
    this.#counts.clear();
    return taken;
  }
}

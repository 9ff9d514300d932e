import { LeaseLost, type JobLease } from './job-lease.js';

/** The leases of this process, by job. */
export class HeldLeases {
  readonly #leases = new Map<string, { readonly lease: JobLease; readonly end: AbortController }>();

  has(job: string): boolean {
    return this.#leases.has(job);
  }

  /** undefined: this process has a lease of the job already. */
  add(job: string, token: number): JobLease | undefined {
    if (this.has(job)) return undefined;
    const end = new AbortController();
    const lease = { job, token, lost: end.signal };
    this.#leases.set(job, { lease, end });
    return lease;
  }

  isHeld(lease: JobLease): boolean {
    return this.#leases.get(lease.job)?.lease === lease;
  }

  assertHeld(lease: JobLease): void {
    if (!this.isHeld(lease)) throw new LeaseLost();
  }

  remove(lease: JobLease): void {
    if (this.isHeld(lease)) this.#leases.delete(lease.job);
  }

  /** Tells the work under the lease that it is lost. */
  lose(lease: JobLease): void {
    const held = this.#leases.get(lease.job);
    if (held?.lease !== lease) return;
    this.#leases.delete(lease.job);
    held.end.abort(new LeaseLost());
  }

  loseAll(): void {
    for (const { lease } of [...this.#leases.values()]) this.lose(lease);
  }
}

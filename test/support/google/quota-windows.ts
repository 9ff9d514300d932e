/** Counts in windows of time, each of which begins with its first request. */
export class QuotaWindows {
  /** The first window of a quota lasts until it has refused a request: a busy machine sends few in a second. */
  holdsUntilRefused = false;
  readonly #windows = new Map<string, { startedAt: number; used: number }>();
  /** How often each quota refused a request. */
  readonly refused = new Map<string, number>();

  /** Returns false, and counts nothing, if the quota has no room for `count` in the present window of `lengthMs`. */
  take(quota: string, limit: number, lengthMs: number, count = 1): boolean {
    const now = performance.now();
    let window = this.#windows.get(quota);
    const mayEnd = !this.holdsUntilRefused || this.refused.has(quota);
    if (!window || (mayEnd && now - window.startedAt >= lengthMs))
      this.#windows.set(quota, (window = { startedAt: now, used: 0 }));
    if (window.used + count > limit) {
      this.refused.set(quota, (this.refused.get(quota) ?? 0) + 1);
      return false;
    }
    window.used += count;
    return true;
  }
}

import { clientNetwork } from '../auth/client-addresses.js';
import type { StreamLimits } from '../limits/stream-limits.js';

/** Counts the WebSockets that have not said who they are. */
export class WaitingSockets {
  readonly #counts = new Map<string, number>();
  #all = 0;

  constructor(private readonly limits: Pick<StreamLimits, 'maxWaitingSockets' | 'maxWaitingSocketsOfAddress'>) {}

  /** Takes a place for a socket; gives the function that frees it. undefined: there is none for this address. */
  take(address: string): (() => void) | undefined {
    const key = clientNetwork(address);
    const count = this.#counts.get(key) ?? 0;
    if (this.#all >= this.limits.maxWaitingSockets || count >= this.limits.maxWaitingSocketsOfAddress) return undefined;
    this.#all += 1;
    this.#counts.set(key, count + 1);
    let isWaiting = true;
    return () => {
      if (!isWaiting) return;
      isWaiting = false;
      this.#all -= 1;
      const left = this.#counts.get(key)! - 1;
      if (left === 0) this.#counts.delete(key);
      else this.#counts.set(key, left);
    };
  }
}

import type { StatusName } from './refusal.js';

/** What goes wrong with one call. */
export type Fault =
  /** Refused before anything was done. */
  | { readonly kind: 'refuse'; readonly code: StatusName }
  /** Done, and then the answer is lost. */
  | { readonly kind: 'loseAnswer'; readonly code: StatusName }
  | { readonly kind: 'delay'; readonly ms: number }
  /** Never answered. */
  | { readonly kind: 'hang' }
  /** A stream that ends well after some messages, and says nothing of the rest. */
  | { readonly kind: 'endAfter'; readonly messages: number }
  /** A stream that breaks after some messages. */
  | { readonly kind: 'breakAfter'; readonly messages: number; readonly code: StatusName }
  /** An answer that refuses some keys and does the others. */
  | { readonly kind: 'refuseKeys'; readonly keys: readonly string[]; readonly code: StatusName };

/** The faults to come, by method; each is used up by one call. */
export class Faults {
  readonly #waiting = new Map<string, Fault[]>();

  add(method: string, fault: Fault, times = 1): void {
    const waiting = this.#waiting.get(method) ?? [];
    waiting.push(...Array.from({ length: times }, () => fault));
    this.#waiting.set(method, waiting);
  }

  take(method: string): Fault | undefined {
    return this.#waiting.get(method)?.shift();
  }

  clear(): void {
    this.#waiting.clear();
  }
}

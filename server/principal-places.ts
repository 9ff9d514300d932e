import type { Principal } from '../auth/principal.js';

/** Counts what a principal has open at the same time, so that one principal cannot take what all share. */
export class PrincipalPlaces {
  readonly #taken = new Map<string, number>();

  constructor(private readonly max: number) {}

  /**
   * Takes a place; gives the function that frees it, which may be called again. undefined: the principal has as many as it may. In the
   * mode `open`, all clients are one principal, and have no limit.
   */
  take({ name, kind }: Principal): (() => void) | undefined {
    if (kind === 'ANONYMOUS') return () => undefined;
    const taken = this.#taken.get(name) ?? 0;
    if (taken >= this.max) return undefined;
    this.#taken.set(name, taken + 1);
    let isTaken = true;
    return () => {
      if (!isTaken) return;
      isTaken = false;
      const left = this.#taken.get(name)! - 1;
      if (left === 0) this.#taken.delete(name);
      else this.#taken.set(name, left);
    };
  }
}

import type { EntityType } from '../../datasources/registry/model.js';
import type { Registry } from '../../datasources/registry/registry.js';
import type { Clock } from '../../values/clock.js';
import type { StorePreparation } from '../store-preparation.js';

export interface ComputedFutureRowsOptions {
  readonly registry: Registry;
  readonly preparation: Pick<StorePreparation, 'nextExpiry' | 'promote'>;
  readonly clock: Clock;
  readonly onError: (error: unknown, entityType: EntityType) => void;
}

/** Rows that become true within this time come online together: a source may have one each second. */
const LEAST_PAUSE_MS = 1000;
/** A longer timer of Node.js would overflow; the times are looked up again then. */
const LONGEST_PAUSE_MS = 3_600_000;

/** Brings computed rows of the future online when their time comes, without a restart: it asks the fills for the next one. */
export class ComputedFutureRows {
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> = Promise.resolve();
  #isStopped = false;

  constructor(private readonly options: ComputedFutureRowsOptions) {}

  /** Looks up the next time. Call this after each fill. */
  watch(): void {
    this.#running = this.#running.then(() => this.#plan());
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    clearTimeout(this.#timer);
    await this.#running;
  }

  async #plan(): Promise<void> {
    clearTimeout(this.#timer);
    const { clock } = this.options;
    for (const { entityType, at } of await this.#expiries()) {
      if (at <= clock() && !this.#isStopped) await this.#promote(entityType);
    }
    // Looked up again: an entity type that was just promoted has another time now.
    const waits = (await this.#expiries()).map(({ at }) => Number(at - clock()) / 1000);
    if (this.#isStopped) return;
    const pause = Math.max(LEAST_PAUSE_MS, Math.min(LONGEST_PAUSE_MS, ...waits));
    this.#timer = setTimeout(() => this.watch(), pause).unref();
  }

  async #expiries() {
    const found = [];
    for (const entityType of this.options.registry.featurestores.flatMap(({ entityTypes }) => entityTypes)) {
      const at = await this.options.preparation.nextExpiry(entityType).catch((error: unknown) => {
        this.options.onError(error, entityType);
        return null;
      });
      if (at !== null) found.push({ entityType, at });
    }
    return found;
  }

  async #promote(entityType: EntityType): Promise<void> {
    await this.options.preparation
      .promote(entityType)
      .catch((error: unknown) => this.options.onError(error, entityType));
  }
}

import { setImmediate as nextTurn } from 'node:timers/promises';
import type { EntityType } from '../../registry/model.js';
import type { OnlineStore, OnlineWrite } from '../online-store.js';

/** A change of an entity type that the serving store has accepted. */
export type Change =
  | { readonly kind: 'write'; readonly writes: readonly OnlineWrite[] }
  | { readonly kind: 'delete'; readonly entityIds: readonly string[] };

export type Outcome = 'done' | 'dropped' | 'failed';

export interface ChangeQueueOptions {
  /** The maximum number of waiting rows and ids. The queue drops further changes, unless it is empty. */
  readonly maxQueued: number;
  readonly report: (change: Change, outcome: Outcome) => void;
}

/**
 * Passes the changes of an entity type to another store, in the order in which the serving store accepted them. If a
 * delete overtook the write before it, an erased entity would return. So each change begins only after the previous one
 * has ended, however late. A store that exceeds its own deadlines makes the queue wait, and then fill up.
 */
export class ChangeQueue {
  readonly #store: OnlineStore;
  readonly #entityType: EntityType;
  readonly #options: ChangeQueueOptions;
  readonly #waiting: Change[] = [];
  #size = 0;
  #working: Promise<void> | undefined;

  constructor(store: OnlineStore, entityType: EntityType, options: ChangeQueueOptions) {
    this.#store = store;
    this.#entityType = entityType;
    this.#options = options;
  }

  add(change: Change): void {
    const size = countItems(change);
    if (this.#size > 0 && this.#size + size > this.#options.maxQueued) {
      this.#options.report(change, 'dropped');
      return;
    }
    this.#waiting.push(change);
    this.#size += size;
    this.#working ??= this.#work();
  }

  /** Resolves when the queue is empty. */
  async settled(): Promise<void> {
    await this.#working;
  }

  /** Drops all changes that wait. */
  drop(): void {
    for (const change of this.#waiting.splice(0)) {
      this.#size -= countItems(change);
      this.#options.report(change, 'dropped');
    }
  }

  async #work(): Promise<void> {
    // Yields to the caller first, because starting a call already costs the encoding of its message.
    await nextTurn();
    while (this.#waiting.length > 0) {
      const together = this.#takeNext();
      const outcome = await this.#pass(together).then(
        () => 'done' as const,
        () => 'failed' as const,
      );
      for (const change of together) {
        this.#size -= countItems(change);
        this.#options.report(change, outcome);
      }
    }
    this.#working = undefined;
  }

  /** The next change. It merges consecutive waiting writes; otherwise each row would be a call. */
  #takeNext(): Change[] {
    const end = this.#waiting.findIndex(({ kind }) => kind !== 'write');
    return this.#waiting.splice(0, end === -1 ? this.#waiting.length : Math.max(1, end));
  }

  async #pass(together: readonly Change[]): Promise<void> {
    const [first] = together;
    if (first?.kind === 'delete') await this.#store.delete(this.#entityType, first.entityIds);
    else {
      const writes = together.flatMap((change) => (change.kind === 'write' ? change.writes : []));
      await this.#store.write(this.#entityType, writes);
    }
  }
}

function countItems(change: Change): number {
  return Math.max(1, change.kind === 'write' ? change.writes.length : change.entityIds.length);
}

import { setImmediate as nextTurn } from 'node:timers/promises';
import type { OfflineStore } from '../../datasources/offline/offline-store.js';
import type { QueryPayer } from '../../datasources/offline/query-payer.js';
import type { OnlineStore } from '../../datasources/online/online-store.js';
import type { Slots } from '../../runtime/slots.js';
import type { Clock } from '../../values/clock.js';
import type { Instant } from '../../values/instant.js';
import type { IncomingRow } from '../feature-writer.js';
import { findNewest, type WrittenValue } from './newest-written.js';
import type { WritePosition } from './write-position.js';
import type { Following, FollowRequest } from './write-watch.js';
import { divideIntoEvents, readWrittenPage, type WrittenPage } from './written-pages.js';

export interface FollowedValuesOptions extends FollowRequest {
  readonly following: Following;
  readonly position: WritePosition;
  readonly online: Pick<OnlineStore, 'read' | 'maxEntityIdsPerRead'>;
  readonly offline: Pick<OfflineStore, 'rows'>;
  /** Who pays for the rows that a subscription reads when it resumes. Absent: the operator. */
  readonly payer?: QueryPayer;
  /** Whether the offline store keeps the creation times of all rows that clients write. */
  readonly canResume: boolean;
  /** Bounds the reads of the history of all subscriptions. */
  readonly resumingReads: Slots;
  readonly clock: Clock;
  /** Whether events have the written values. Otherwise they only name the entities whose current values changed. */
  readonly hasWritten: boolean;
  /** The first events have the values that were written after this creation time. null: the values of later writes. */
  readonly after: Instant | null;
}

export interface ValuesEvent {
  /** The entities whose current values may be others than in the event before. */
  readonly entityIds: readonly string[];
  /** In the order of the writes. null: values are missing that the history cannot give. */
  readonly written: readonly WrittenValue[] | null;
  /** Where a later subscription goes on: a creation time. null: it cannot. */
  readonly position: Instant | null;
}

/** An event before its values are compared with the current ones. */
interface Step {
  readonly entityIds: ReadonlySet<string>;
  readonly rows: readonly IncomingRow[] | null;
  readonly position: Instant;
}

const NONE: ReadonlySet<string> = new Set();

/**
 * The events of one subscription. The first one has all entities. Each written value comes in an event, in the order of
 * the writes: from memory while the reader keeps up; from the history, in pages, when it resumes or is too slow. So no
 * value is left out, and a slow reader holds the memory of one event and one page.
 */
export class FollowedValues {
  readonly #steps: AsyncIterator<Step, undefined>;
  #position: Instant;

  constructor(private readonly options: FollowedValuesOptions) {
    const { after, position } = options;
    this.#position = after ?? position.settled();
    this.#steps = this.#takeSteps();
  }

  /** The next event; undefined when the follower has left. */
  async next(): Promise<ValuesEvent | undefined> {
    for (;;) {
      const step = await this.#steps.next();
      if (step.done || this.options.following.hasLeft) return undefined;
      const event = await this.#toEvent(step.value);
      if (event) return event;
    }
  }

  async *#takeSteps(): AsyncGenerator<Step, undefined> {
    const { following, position, after, canResume, hasWritten } = this.options;
    const all = new Set(this.options.entityIds);
    if (after !== null && hasWritten) yield* this.#readBack(after - position.clockTolerance, all);
    else yield { entityIds: all, rows: [], position: this.#position };
    for (;;) {
      await following.changed();
      // All writes of a commit are told before the next turn of the event loop: only then may the position pass it.
      await nextTurn();
      if (following.hasLeft) return undefined;
      const { entityIds, rows, isIncomplete } = following.take();
      if (isIncomplete && hasWritten && canResume) {
        yield* this.#readBack(this.#position, entityIds);
        continue;
      }
      this.#position = max(this.#position, position.settled());
      yield { entityIds, rows: isIncomplete && hasWritten ? null : rows, position: this.#position };
    }
  }

  /** Reads what was written from a creation time to now. The first step has these entities too. */
  async *#readBack(from: Instant, entityIds: ReadonlySet<string>): AsyncGenerator<Step> {
    const { following, position, offline, payer, entityType, features, resumingReads } = this.options;
    await nextTurn();
    const to = max(this.#position, position.settled());
    // The history has the rows that were told until now, so only their entities are kept.
    const told = following.take();
    let changed: ReadonlySet<string> = new Set([...entityIds, ...told.entityIds]);
    const written = (features ?? entityType.features).filter(({ source }) => source.sql === null);
    const upTo = position.isSerial ? to : null;
    const read = { offline, payer, features: written, entityIds: this.options.entityIds, upTo };
    for (let next: Instant | null = from; next !== null && !following.hasLeft;) {
      const after: Instant = next;
      const page: WrittenPage = await resumingReads.run(() => readWrittenPage({ ...read, after }));
      for (const part of divideIntoEvents(page, this.#position)) {
        this.#position = max(this.#position, min(part.upTo, to));
        yield { entityIds: changed, rows: part.rows, position: this.#position };
        changed = NONE;
      }
      next = page.upTo;
    }
    this.#position = to;
    if (changed.size > 0) yield { entityIds: changed, rows: [], position: to };
  }

  /** undefined: nothing changed for this client. */
  async #toEvent({ entityIds, rows, position }: Step): Promise<ValuesEvent | undefined> {
    const { hasWritten, canResume } = this.options;
    const written = rows && (await this.#compare(rows));
    const newest = (written ?? []).filter(({ isNewest }) => isNewest).map(({ entityId }) => entityId);
    const changed = [...new Set([...entityIds, ...newest])];
    // A client that asks for current values alone hears nothing of a value that only the history has.
    if (changed.length === 0 && (!hasWritten || written?.length === 0)) return undefined;
    return { entityIds: changed, written, position: canResume ? position : null };
  }

  async #compare(rows: readonly IncomingRow[]): Promise<readonly WrittenValue[]> {
    const { entityType, mayKnow, online, clock } = this.options;
    // Once more by the policy of this moment: rows waited, and the history has values of everyone.
    const known = mayKnow ? rows.map((row) => ({ ...row, values: onlyKnown(row, mayKnow) })) : rows;
    return findNewest(online, entityType, known, clock());
  }
}

function onlyKnown({ entityId, values }: IncomingRow, mayKnow: NonNullable<FollowRequest['mayKnow']>) {
  return new Map([...values].filter(([feature]) => mayKnow(entityId, feature)));
}

function max(a: Instant, b: Instant): Instant {
  return a > b ? a : b;
}

function min(a: Instant, b: Instant): Instant {
  return a < b ? a : b;
}

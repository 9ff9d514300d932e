import { encodedSize } from '../../datasources/online/value-codec.js';
import type { EntityType, Feature } from '../../datasources/registry/model.js';
import { AppError } from '../../errors/app-error.js';
import { WRITE_LIMITS } from '../../limits/write-limits.js';
import type { RawValue } from '../../values/value-type.js';
import type { IncomingRow, WriteOutcome, WriteRequest } from '../feature-writer.js';

export interface FollowRequest {
  readonly entityType: EntityType;
  /** Canonical entity ids. */
  readonly entityIds: readonly string[];
  /** A write of one of these features is a change. null: of any feature. */
  readonly features: readonly Feature[] | null;
  /** Whether the follower may know of a write of this feature of an entity. Absent: of all. */
  readonly mayKnow?: ((entityId: string, feature: Feature) => boolean) | undefined;
}

/** What happened to the followed entities since a follower last asked. */
export interface Changes {
  /** Entities whose values may be others now, for a reason that no row tells: a deletion, or a row that was left out. */
  readonly entityIds: ReadonlySet<string>;
  /** The written rows, in the order of the writes, with the values that the follower asked for. */
  readonly rows: readonly IncomingRow[];
  /** Rows are missing: there were more than a follower may have. */
  readonly isIncomplete: boolean;
}

/** The place of one follower. */
export interface Following {
  /** Resolves when there is something to take, or when the follower has left. */
  changed(): Promise<void>;
  take(): Changes;
  leave(): void;
  readonly hasLeft: boolean;
}

/** The size of rows that one event has, and that a follower may have before it takes them. */
export class RowRoom {
  #values = 0;
  #bytes = 0;

  /** Whether the row has room; it takes the room. The first row always has. */
  take({ values }: IncomingRow): boolean {
    const { maxValuesPerEvent, maxBytesPerEvent } = WRITE_LIMITS;
    let bytes = 0;
    for (const value of values.values()) bytes += encodedSize(value);
    const isFirst = this.#values === 0;
    this.#values += values.size;
    this.#bytes += bytes;
    return isFirst || (this.#values <= maxValuesPerEvent && this.#bytes <= maxBytesPerEvent);
  }
}

/**
 * Tells followers which rows clients wrote. The memory of a slow follower is bounded: it has the rows of one event, and
 * beyond them only the ids of the entities that it follows (followed-values.ts reads the rows from the history then).
 */
export class WriteWatch {
  /** By the name of the entity type: the objects are others after another registry was applied. */
  readonly #followers = new Map<string, Set<Follower>>();
  #count = 0;

  constructor(private readonly maxFollowers: number = WRITE_LIMITS.maxFollowers) {}

  /** Call it when the rows are durable. */
  publish({ entityType, rows }: WriteRequest, { written, faults, quarantined, duplicateRows }: WriteOutcome): void {
    const followers = this.#followers.get(keyOf(entityType));
    if (!followers || written === 0) return;
    const refused = [...faults, ...quarantined].map(({ row }) => row);
    const unchanged = new Set([...refused, ...duplicateRows]);
    rows.forEach((row, index) => {
      if (unchanged.has(index)) return;
      for (const follower of followers) follower.add(row);
    });
    for (const follower of followers) follower.wake();
  }

  /** Call it when the values of entities are others without a row that a client wrote. */
  publishChanged(entityType: EntityType, entityIds: Iterable<string>, features: readonly Feature[]): void {
    const followers = this.#followers.get(keyOf(entityType));
    if (!followers) return;
    for (const entityId of entityIds) {
      for (const follower of followers) follower.change(entityId, features);
    }
    for (const follower of followers) follower.wake();
  }

  /** The number of followers. */
  get followers(): number {
    return this.#count;
  }

  follow(request: FollowRequest): Following {
    if (this.#count >= this.maxFollowers) {
      throw new AppError('OVERLOADED', 'The gateway has as many subscriptions as it may have. Try again later.', {
        retryAfterSeconds: 10,
      });
    }
    const key = keyOf(request.entityType);
    const followers = this.#followers.get(key) ?? new Set<Follower>();
    const follower = new Follower(request, () => {
      if (!followers.delete(follower)) return;
      this.#count -= 1;
      if (followers.size === 0 && this.#followers.get(key) === followers) this.#followers.delete(key);
    });
    this.#followers.set(key, followers.add(follower));
    this.#count += 1;
    return follower;
  }
}

class Follower implements Following {
  hasLeft = false;
  readonly #entityIds: ReadonlySet<string>;
  readonly #features: ReadonlySet<string> | null;
  readonly #mayKnow: NonNullable<FollowRequest['mayKnow']>;
  readonly #isDense: boolean;
  #changed = new Set<string>();
  #rows: IncomingRow[] = [];
  #room = new RowRoom();
  #isIncomplete = false;
  #wake: (() => void) | undefined;

  constructor(
    { entityType, entityIds, features, mayKnow = () => true }: FollowRequest,
    private readonly onLeave: () => void,
  ) {
    this.#entityIds = new Set(entityIds);
    this.#features = features && new Set(features.map(({ name }) => name));
    this.#mayKnow = mayKnow;
    this.#isDense = entityType.dense;
  }

  add(row: IncomingRow): void {
    const { entityId } = row;
    if (!this.#entityIds.has(entityId)) return;
    const values = this.#knownValues(row);
    if (values === null) return;
    // A null leaves the last value, and makes an entity without any value known.
    if (values.size === 0) {
      this.#changed.add(entityId);
      return;
    }
    const known = values.size === row.values.size ? row : { ...row, values };
    if (!this.#isIncomplete && this.#room.take(known)) {
      this.#rows.push(known);
      return;
    }
    this.#isIncomplete = true;
    for (const left of this.#rows) this.#changed.add(left.entityId);
    this.#rows = [];
    this.#changed.add(entityId);
  }

  change(entityId: string, features: readonly Feature[]): void {
    if (!this.#entityIds.has(entityId)) return;
    if (features.some((feature) => this.#isKnown(entityId, feature))) this.#changed.add(entityId);
  }

  wake(): void {
    if (this.#hasChanges) this.#wake?.();
  }

  async changed(): Promise<void> {
    if (this.#hasChanges || this.hasLeft) return;
    await new Promise<void>((resolve) => (this.#wake = resolve));
    this.#wake = undefined;
  }

  take(): Changes {
    const taken = { entityIds: this.#changed, rows: this.#rows, isIncomplete: this.#isIncomplete };
    this.#changed = new Set();
    this.#rows = [];
    this.#room = new RowRoom();
    this.#isIncomplete = false;
    return taken;
  }

  leave(): void {
    this.hasLeft = true;
    this.onLeave();
    this.#wake?.();
  }

  get #hasChanges(): boolean {
    return this.#changed.size > 0 || this.#rows.length > 0;
  }

  #isKnown(entityId: string, feature: Feature): boolean {
    return (this.#features?.has(feature.name) ?? true) && this.#mayKnow(entityId, feature);
  }

  /** The values that the follower asked for, without nulls that leave the last value. null: it asked for none of them. */
  #knownValues({ entityId, values }: IncomingRow): ReadonlyMap<Feature, RawValue | null> | null {
    let known = 0;
    let counted = 0;
    for (const [feature, value] of values) {
      if (!this.#isKnown(entityId, feature)) continue;
      known += 1;
      if (this.#counts(value)) counted += 1;
    }
    if (known === 0) return null;
    if (counted === values.size) return values;
    return new Map([...values].filter(([feature, value]) => this.#counts(value) && this.#isKnown(entityId, feature)));
  }

  #counts(value: RawValue | null): boolean {
    return value !== null || this.#isDense;
  }
}

function keyOf({ name, featurestore }: EntityType): string {
  return `${featurestore.name}/${name}`;
}

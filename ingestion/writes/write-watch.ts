import type { EntityType, Feature } from '../../datasources/registry/model.js';
import { AppError } from '../../errors/app-error.js';
import { WRITE_LIMITS } from '../../limits/write-limits.js';
import type { WriteOutcome, WriteRequest } from '../feature-writer.js';

export interface FollowRequest {
  readonly entityType: EntityType;
  /** Canonical entity ids. */
  readonly entityIds: readonly string[];
  /** A write of one of these features is a change. null: of any feature. */
  readonly features: readonly Feature[] | null;
  /** Whether the follower may know of a write of this feature of an entity. Absent: of all. */
  readonly mayKnow?: ((entityId: string, feature: Feature) => boolean) | undefined;
}

/**
 * Tells followers which entities clients wrote. A follower gets the ids of the entities that changed since it last
 * asked, and reads their values itself: so a slow follower misses intermediate values, its memory is bounded by the
 * entities that it follows, and it always ends with the newest value.
 */
export class WriteWatch {
  /** By the name of the entity type: the objects are others after another registry was applied. */
  readonly #followers = new Map<string, Set<Follower>>();
  #count = 0;

  constructor(private readonly maxFollowers: number = WRITE_LIMITS.maxFollowers) {}

  /** Call it when the rows are durable. */
  publish({ entityType, rows }: WriteRequest, { written, faults }: WriteOutcome): void {
    const followers = this.#followers.get(keyOf(entityType));
    if (!followers || written === 0) return;
    const faulty = new Set(faults.map(({ row }) => row));
    rows.forEach(({ entityId, values }, index) => {
      if (faulty.has(index)) return;
      for (const follower of followers) follower.change(entityId, values.keys());
    });
    for (const follower of followers) follower.wake();
  }

  /** Call it when the entities are deleted. */
  publishDeleted(entityType: EntityType, entityIds: readonly string[]): void {
    for (const follower of this.#followers.get(keyOf(entityType)) ?? []) {
      for (const entityId of entityIds) follower.change(entityId, entityType.features);
      follower.wake();
    }
  }

  /** All entities first, then those that were written since the last step, until the follower leaves by `return`. */
  follow(request: FollowRequest): AsyncIterableIterator<readonly string[], undefined> {
    if (this.#count >= this.maxFollowers) {
      throw new AppError('OVERLOADED', 'The gateway has as many subscriptions as it may have. Try again later.', {
        retryAfterSeconds: 10,
      });
    }
    const key = keyOf(request.entityType);
    const followers = this.#followers.get(key) ?? new Set<Follower>();
    const follower = new Follower(request);
    this.#followers.set(key, followers.add(follower));
    this.#count += 1;
    const leave = (): void => {
      if (!followers.delete(follower)) return;
      this.#count -= 1;
      if (followers.size === 0 && this.#followers.get(key) === followers) this.#followers.delete(key);
      follower.end();
    };
    const followed: AsyncIterableIterator<readonly string[], undefined> = {
      next: () => follower.next(),
      return: () => {
        leave();
        return Promise.resolve({ done: true, value: undefined });
      },
      [Symbol.asyncIterator]: () => followed,
    };
    return followed;
  }
}

class Follower {
  readonly #entityIds: ReadonlySet<string>;
  readonly #features: ReadonlySet<string> | null;
  /** The entities whose change the follower has not seen. */
  #changed: Set<string>;
  #isGone = false;
  #wake: (() => void) | undefined;

  readonly #mayKnow: FollowRequest['mayKnow'];

  constructor({ entityIds, features, mayKnow }: FollowRequest) {
    this.#entityIds = new Set(entityIds);
    this.#changed = new Set(entityIds);
    this.#features = features && new Set(features.map(({ name }) => name));
    this.#mayKnow = mayKnow;
  }

  change(entityId: string, changed: Iterable<Feature>): void {
    if (!this.#entityIds.has(entityId)) return;
    for (const feature of changed) {
      const isAsked = this.#features?.has(feature.name) ?? true;
      if (isAsked && (this.#mayKnow?.(entityId, feature) ?? true)) this.#changed.add(entityId);
    }
  }

  wake(): void {
    if (this.#changed.size > 0) this.#wake?.();
  }

  end(): void {
    this.#isGone = true;
    this.#wake?.();
  }

  async next(): Promise<IteratorResult<readonly string[], undefined>> {
    if (this.#changed.size === 0 && !this.#isGone) {
      await new Promise<void>((resolve) => (this.#wake = resolve));
      this.#wake = undefined;
    }
    if (this.#isGone) return { done: true, value: undefined };
    const changed = [...this.#changed];
    this.#changed = new Set();
    return { done: false, value: changed };
  }
}

function keyOf({ name, featurestore }: EntityType): string {
  return `${featurestore.name}/${name}`;
}

import type { OnlineWrite } from '../../datasources/online/online-store.js';
import type { FeatureSource } from '../../datasources/registry/model.js';
import type { Instant } from '../../values/instant.js';
import type { MomentValues } from './moment-values.js';

/** The source, entity and event time of a row. */
export type MomentOf = Pick<OnlineWrite, 'source' | 'entityId' | 'version'>;

interface Moment {
  timestamp: Instant | null;
  sequence: number;
  values: MomentValues;
}

/** The moment of an entity that was set last, and its others: most entities have one. */
interface EntityMoments extends Moment {
  others: Map<Instant | null, Moment> | undefined;
}

/**
 * Values by source, entity and event time. A text of all three as the key took longer than the comparison of a row with
 * them, and as much memory as its values.
 */
export class MomentIndex {
  /** By name: the sources are other objects after another registry was applied. */
  readonly #ofSources = new Map<string, Map<string, EntityMoments>>();
  /** That of the row before: most rows have the same. */
  #lastSource: FeatureSource | undefined;
  #ofLast: Map<string, EntityMoments> | undefined;

  find({ source, entityId, version: { timestamp } }: MomentOf): MomentValues | undefined {
    const last = this.#of(source)?.get(entityId);
    if (!last) return undefined;
    return last.timestamp === timestamp ? last.values : last.others?.get(timestamp)?.values;
  }

  /** `sequence` is not less than that of any other moment. */
  set({ source, entityId, version: { timestamp } }: MomentOf, values: MomentValues, sequence: number): void {
    let moments = this.#of(source);
    if (!moments) {
      this.#ofSources.set(sourceKey(source), (moments = new Map<string, EntityMoments>()));
      this.#ofLast = moments;
    }
    const last = moments.get(entityId);
    if (!last) {
      moments.set(entityId, { timestamp, sequence, values, others: undefined });
      return;
    }
    if (last.timestamp !== timestamp) {
      last.others ??= new Map<Instant | null, Moment>();
      last.others.set(last.timestamp, { timestamp: last.timestamp, sequence: last.sequence, values: last.values });
      last.others.delete(timestamp);
    }
    last.timestamp = timestamp;
    last.sequence = sequence;
    last.values = values;
  }

  /** Removes the moment of a row, unless it was set with a later sequence number. */
  forget({ source, entityId, version: { timestamp } }: MomentOf, upTo: number): void {
    const moments = this.#of(source);
    const last = moments?.get(entityId);
    if (!moments || !last) return;
    if (last.sequence > upTo) {
      const other = last.others?.get(timestamp);
      if (other && other.sequence <= upTo) last.others?.delete(timestamp);
      return;
    }
    // The others were set before.
    moments.delete(entityId);
    if (moments.size > 0) return;
    this.#ofSources.delete(sourceKey(source));
    this.#lastSource = undefined;
  }

  /** The sequence number that was set last for an entity; 0 when there is none. */
  lastOf(source: FeatureSource, entityId: string): number {
    return this.#of(source)?.get(entityId)?.sequence ?? 0;
  }

  #of(source: FeatureSource): Map<string, EntityMoments> | undefined {
    if (this.#lastSource !== source) {
      this.#lastSource = source;
      this.#ofLast = this.#ofSources.get(sourceKey(source));
    }
    return this.#ofLast;
  }
}

/** No name contains a line break. */
function sourceKey(source: FeatureSource): string {
  let key = keys.get(source);
  if (key === undefined) {
    const { name, entityType } = source;
    keys.set(source, (key = `${entityType.featurestore.name}\n${entityType.name}\n${name}`));
  }
  return key;
}

const keys = new WeakMap<FeatureSource, string>();

import { sourceSlot } from '../../datasources/online/merge-rule.js';
import type { FindEntity, WriteLog } from '../../datasources/online/write-log.js';
import type { FeatureRow } from '../../datasources/offline/offline-store.js';
import type { WrittenHistory } from '../../datasources/offline/written-history.js';
import type { EntityType, FeatureSource } from '../../datasources/registry/model.js';
import type { CheckedPart } from './check-rows.js';
import type { Instant } from '../../values/instant.js';
import { addPart, momentKey, momentOfRows, newestMoment, type MomentValues } from './moment-values.js';

/**
 * Finds which parts were written before. The online store answers for the newest event time of an entity, memory for
 * rows that the offline store does not have yet, and the offline store for all others.
 */
export class Moments {
  readonly #logged = new Map<string, { readonly sequence: number; readonly values: MomentValues }>();

  constructor(
    private readonly log: WriteLog,
    private readonly history: WrittenHistory,
  ) {}

  /**
   * The parts that change something, in order, with the values of their moments after all of them. No other commit may
   * run at the same time.
   */
  async selectNew(parts: readonly CheckedPart[], now: Instant): Promise<NewParts> {
    const keys = parts.map(momentKey);
    const known = await this.#readKnown(parts, keys, now);
    const changed = new Map<string, MomentValues>();
    const selected = parts.filter((part, index) => {
      const key = keys[index]!;
      const after = addPart(part, changed.get(key) ?? known.get(key));
      if (after) changed.set(key, after);
      return after !== undefined;
    });
    return { parts: new Set(selected), moments: changed };
  }

  /** Remembers moments until the offline store has them. */
  remember(sequence: number, moments: ReadonlyMap<string, MomentValues>): void {
    for (const [key, values] of moments) {
      // Last in the order of the map, which is that of the sequence numbers.
      this.#logged.delete(key);
      this.#logged.set(key, { sequence, values });
    }
  }

  forget(upTo: number): void {
    for (const [key, { sequence }] of this.#logged) {
      if (sequence > upTo) return;
      this.#logged.delete(key);
    }
  }

  async #readKnown(
    parts: readonly CheckedPart[],
    keys: readonly string[],
    now: Instant,
  ): Promise<Map<string, MomentValues>> {
    const known = new Map<string, MomentValues>();
    const inHistory: CheckedPart[] = [];
    const finders = new Map<EntityType, FindEntity>();
    for (const [index, part] of parts.entries()) {
      const key = keys[index]!;
      // Memory before the offline store: a row that leaves memory meanwhile is there already.
      const logged = this.#logged.get(key);
      if (logged) known.set(key, logged.values);
      else {
        const { entityType } = part.source;
        const find = finders.get(entityType) ?? this.log.finder(entityType);
        finders.set(entityType, find);
        if (!this.#isNewest(find, part, now, key, known)) inHistory.push(part);
      }
    }
    for (const [source, ofSource] of Map.groupBy(inHistory, ({ source }) => source)) {
      const moments = ofSource.map(({ entityId, version }) => ({ entityId, timestamp: version.timestamp }));
      const rows = await this.history.rowsAt(source, moments);
      for (const [key, ofMoment] of Map.groupBy(rows, (row) => momentKey(toPart(source, row)))) {
        known.set(key, momentOfRows(source, ofMoment));
      }
    }
    return known;
  }

  /**
   * Whether the online store answers: the part is of the newest event time of its entity, or of a later one, and then
   * it is new. Future rows are in history alone.
   */
  #isNewest(
    find: FindEntity,
    { source, entityId, version: { timestamp } }: CheckedPart,
    now: Instant,
    key: string,
    known: Map<string, MomentValues>,
  ): boolean {
    if (timestamp !== null && timestamp > now) return false;
    const stored = find(entityId);
    const newest = stored?.(sourceSlot(source));
    if (!stored || !newest) return true;
    if (newest.timestamp === timestamp) known.set(key, newestMoment(source, stored));
    else if (timestamp !== null && newest.timestamp !== null) return timestamp > newest.timestamp;
    return true;
  }
}

export interface NewParts {
  readonly parts: ReadonlySet<CheckedPart>;
  readonly moments: ReadonlyMap<string, MomentValues>;
}

function toPart(source: FeatureSource, { entityId, timestamp, values }: FeatureRow): CheckedPart {
  return { source, entityId: entityId!, version: { timestamp, createdTimestamp: null, sequence: null }, values };
}

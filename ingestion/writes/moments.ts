import { hasRepeatedEntity, sourceSlot } from '../../datasources/online/merge-rule.js';
import type { OnlineWrite } from '../../datasources/online/online-store.js';
import type { FindEntity, WriteLog } from '../../datasources/online/write-log.js';
import type { FeatureRow } from '../../datasources/offline/offline-store.js';
import type { WrittenHistory } from '../../datasources/offline/written-history.js';
import type { EntityType, FeatureSource } from '../../datasources/registry/model.js';
import type { CheckedPart } from './check-rows.js';
import type { Instant } from '../../values/instant.js';
import { MomentIndex } from './moment-index.js';
import { addPart, momentKey, momentOfRows, newestMoment, type MomentValues } from './moment-values.js';

export interface LoggedEntitiesQuery {
  readonly entityType: EntityType;
  readonly entityIds: readonly string[];
}

/**
 * Finds which parts were written before. The online store answers for the newest event time of an entity, memory for
 * rows that the offline store does not have yet, and the offline store for all others.
 */
export class Moments {
  /** It has no more moments than the log has rows. */
  readonly #logged = new MomentIndex();
  /** The commits that the offline store does not have yet, in order. */
  #commits: { readonly sequence: number; readonly rows: readonly OnlineWrite[] }[] = [];

  constructor(
    private readonly log: WriteLog,
    private readonly history: WrittenHistory,
  ) {}

  /**
   * For each part, in order, the values of its moment after it; undefined if it changes nothing. No other commit may run at
   * the same time.
   */
  async selectNew(parts: readonly CheckedPart[], now: Instant): Promise<readonly (MomentValues | undefined)[]> {
    const known = await this.#readKnown(parts, now);
    // Most commits have each entity once, so that no part changes what another one finds.
    const changed = hasRepeatedEntity(parts) ? new MomentIndex() : undefined;
    for (let index = 0; index < parts.length; index += 1) {
      const part = parts[index]!;
      const after = addPart(part, changed?.find(part) ?? known[index]);
      if (after) changed?.set(part, after, 0);
      known[index] = after;
    }
    return known;
  }

  /** Remembers rows and the values of their moments until the offline store has them. */
  remember(sequence: number, rows: readonly OnlineWrite[], values: readonly MomentValues[]): void {
    for (let index = 0; index < rows.length; index += 1) this.#logged.set(rows[index]!, values[index]!, sequence);
    this.#commits.push({ sequence, rows });
  }

  forget(upTo: number): void {
    const first = this.#commits.findIndex(({ sequence }) => sequence > upTo);
    const drained = first < 0 ? this.#commits : this.#commits.slice(0, first);
    this.#commits = first < 0 ? [] : this.#commits.slice(first);
    for (const { rows } of drained) for (const row of rows) this.#logged.forget(row, upTo);
  }

  /** The sequence number of the last commit that has a row of one of these entities; 0 when the offline store has all. */
  lastOf({ entityType, entityIds }: LoggedEntitiesQuery): number {
    let last = 0;
    for (const source of entityType.sources) {
      for (const entityId of entityIds) last = Math.max(last, this.#logged.lastOf(source, entityId));
    }
    return last;
  }

  /** The values of the moments before the parts; undefined where there are none. */
  async #readKnown(parts: readonly CheckedPart[], now: Instant): Promise<(MomentValues | undefined)[]> {
    const inHistory: number[] = [];
    const known = new Array<MomentValues | undefined>(parts.length);
    let last: EntityType | undefined;
    let find: FindEntity | undefined;
    for (let index = 0; index < parts.length; index += 1) {
      const part = parts[index]!;
      // Memory before the offline store: a row that leaves memory meanwhile is there already.
      known[index] = this.#logged.find(part);
      if (known[index]) continue;
      const { entityType } = part.source;
      if (!find || entityType !== last) find = this.log.finder((last = entityType));
      const newest = findNewest(find, part, now);
      if (newest === 'OLDER') inHistory.push(index);
      else known[index] = newest;
    }
    for (const [source, indexes] of Map.groupBy(inHistory, (index) => parts[index]!.source)) {
      const moments = indexes.map((index) => {
        const { entityId, version } = parts[index]!;
        return { entityId, timestamp: version.timestamp };
      });
      const rows = await this.history.rowsAt(source, moments);
      const byKey = Map.groupBy(rows, (row) => momentKey(toPart(source, row)));
      for (const index of indexes) {
        const ofMoment = byKey.get(momentKey(parts[index]!));
        if (ofMoment) known[index] = momentOfRows(source, ofMoment);
      }
    }
    return known;
  }
}

/**
 * What the online store has at the newest event time of an entity, if the part is of that time; undefined if the part is of a
 * later one, and so new. OLDER: the store cannot tell. Future rows are in history alone.
 */
function findNewest(
  find: FindEntity,
  { source, entityId, version: { timestamp } }: CheckedPart,
  now: Instant,
): MomentValues | undefined | 'OLDER' {
  if (timestamp !== null && timestamp > now) return 'OLDER';
  const stored = find(entityId);
  const newest = stored?.(sourceSlot(source));
  if (!stored || !newest) return undefined;
  if (newest.timestamp === timestamp) return newestMoment(source, stored);
  const isOlder = timestamp !== null && newest.timestamp !== null && timestamp <= newest.timestamp;
  return isOlder ? 'OLDER' : undefined;
}

function toPart(source: FeatureSource, { entityId, timestamp, values }: FeatureRow): CheckedPart {
  return { source, entityId: entityId!, version: { timestamp, createdTimestamp: null, sequence: null }, values };
}

import type { OnlineStore } from '../../datasources/online/online-store.js';
import type { EntityType, Feature } from '../../datasources/registry/model.js';
import { toChunks } from '../../runtime/to-chunks.js';
import type { FeatureCell } from '../../values/feature-cell.js';
import type { Instant } from '../../values/instant.js';
import type { RawValue } from '../../values/value-type.js';
import type { IncomingRow } from '../feature-writer.js';
import { isSameValue } from './moment-values.js';

/** A value that a client wrote. */
export interface WrittenValue {
  readonly entityId: string;
  readonly feature: Feature;
  readonly value: RawValue | null;
  /** null in a static source. */
  readonly timestamp: Instant | null;
  /** Whether it is the current value. A store that does not serve it yet has an older one. */
  readonly isNewest: boolean;
}

/** Says of each written value whether it is the current one. */
export async function findNewest(
  online: Pick<OnlineStore, 'read' | 'maxEntityIdsPerRead'>,
  entityType: EntityType,
  rows: readonly IncomingRow[],
  now: Instant,
): Promise<WrittenValue[]> {
  const features = [...new Set(rows.flatMap(({ values }) => [...values.keys()]))];
  if (features.length === 0) return [];
  const ids = [...new Set(rows.map(({ entityId }) => entityId))];
  const cells = new Map<string, ReadonlyMap<Feature, FeatureCell>>();
  for (const entityIds of toChunks(ids, online.maxEntityIdsPerRead)) {
    const read = await online.read({ entityType, entityIds, features, now, includeExpired: true });
    for (const [index, entityId] of entityIds.entries()) {
      cells.set(entityId, new Map(features.map((feature, at) => [feature, read[index]![at]!])));
    }
  }
  return rows.flatMap(({ entityId, timestamp, values }) =>
    Array.from(values, ([feature, value]): WrittenValue => {
      const ofFeature = feature.source.timestampColumn === null ? null : timestamp;
      const written = { timestamp: ofFeature, value };
      const isNewest = isCurrent(written, cells.get(entityId)!.get(feature)!, now);
      return { entityId, feature, ...written, isNewest };
    }),
  );
}

function isCurrent(
  { timestamp, value }: Pick<WrittenValue, 'timestamp' | 'value'>,
  cell: FeatureCell,
  now: Instant,
): boolean {
  if (timestamp === null) return isSameValue(cell.value, value);
  if (timestamp > now) return false;
  if (cell.timestamp === null || timestamp > cell.timestamp) return true;
  return timestamp === cell.timestamp && isSameValue(cell.value, value);
}

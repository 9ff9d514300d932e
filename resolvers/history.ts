import type { Feature } from '../datasources/registry/model.js';
import { badInput } from '../errors/app-error.js';
import { REQUEST_LIMITS } from '../limits/request-limits.js';
import type { Connection } from '../schema/connection.js';
import type { FeatureValue } from '../schema/entity/feature-value.js';
import { formatResourceName } from '../schema/resource-name.js';
import { DENIED_CELL, type FeatureCell } from '../values/feature-cell.js';
import type { Instant } from '../values/instant.js';
import type { RequestContext } from './context.js';
import { decodeCursor, encodeCursor, pageSize } from './cursor.js';
import { namedFeature } from './catalogue.js';
import type { EntityHandle } from './entity.js';
import { featureValue } from './feature-values.js';
import { connection, type PageArguments } from './page.js';

export interface HistoryArguments extends PageArguments {
  readonly feature: string;
  readonly from?: Instant | null;
  readonly to?: Instant | null;
}

/** A page of the values of one feature. The cursor is the time of the last value of the page. */
export async function featureHistory(
  entity: EntityHandle,
  { feature: name, from = null, to = null, first, after }: HistoryArguments,
  context: RequestContext,
): Promise<Connection<FeatureValue>> {
  const size = pageSize(first, REQUEST_LIMITS.defaultLongPageSize);
  const feature = namedFeature(context.access, entity.entityType, name, 'feature');
  if (from !== null && to !== null && from > to) throw badInput('"from" is after "to".', 'from');
  const list = historyList(entity, feature);
  const isFirstPage = after === null || after === undefined;
  const before = isFirstPage ? null : parseCursorKey(decodeCursor(list, after));
  // A static feature has one value, without a time: there is no next page.
  if (!isFirstPage && before === null) return connection([], () => '', { hasNextPage: false, hasPreviousPage: true });
  const readAt = entity.asOf ?? context.now;
  // An entry of a history has the value at its own time. A static source has none.
  const valueOf = (cell: FeatureCell): FeatureValue =>
    featureValue(feature, cell, readAt, { entity, asOf: cell.timestamp ?? readAt, strictlyBefore: false });
  if (!context.access.reads(entity.entityType).has(feature, entity.entityId)) {
    context.audit.denied(entity.entityType, entity.entityId, [feature]);
    // An empty page would say that there never was a value.
    const denied = isFirstPage && size > 0 ? [valueOf(DENIED_CELL)] : [];
    return connection(denied, () => encodeCursor(list, ''), { hasNextPage: false, hasPreviousPage: !isFirstPage });
  }
  const { knownAt = null, strictlyBefore = false } = entity.options ?? {};
  const latest = strictlyBefore ? readAt - 1n : readAt;
  context.audit.read(entity.entityType, [entity], [feature]);
  // Nothing that becomes true after the moment of the read is shown. One more row tells whether there is a next page.
  const entries = await context.stores.offline(entity.entityType.featurestore).history({
    feature,
    entityId: entity.entityId,
    from,
    to: to !== null && to < latest ? to : latest,
    before,
    knownAt,
    limit: size + 1,
    payer: context.payer,
  });
  const page = entries
    .slice(0, size)
    .map(({ value, timestamp }) => valueOf({ status: value === null ? 'NULL' : 'PRESENT', value, timestamp }));
  return connection(page, ({ timestamp }) => encodeCursor(list, String(timestamp)), {
    hasNextPage: entries.length > size,
    hasPreviousPage: before !== null,
  });
}

function historyList(entity: EntityHandle, feature: Feature): string {
  const { name, featurestore } = entity.entityType;
  const id = formatResourceName({
    kind: 'entity',
    featurestore: featurestore.name,
    entityType: name,
    entityId: entity.entityId,
    asOf: entity.asOf,
    options: entity.options,
  });
  return `${id}/${feature.name}`;
}

function parseCursorKey(key: string): Instant | null {
  return /^-?\d+$/.test(key) ? BigInt(key) : null;
}

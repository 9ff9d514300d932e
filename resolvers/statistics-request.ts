import { policyView } from '../auth/policy/policy-view.js';
import { permissionDenied } from '../auth/policy/permission.js';
import type { Feature } from '../datasources/registry/model.js';
import { AppError, badInput } from '../errors/app-error.js';
import { formatLimit, REQUEST_LIMITS } from '../limits/request-limits.js';
import type { TimeRangeInput } from '../schema/registry/feature-statistics.js';
import type { StatisticsRequest, WantedRange } from '../statistics/feature-statistics.js';
import { canonicalEntityId } from '../values/entity-id.js';
import type { RequestContext } from './context.js';

export interface WantedStatistics {
  readonly ranges: readonly { readonly field: string; readonly range: TimeRangeInput | null | undefined }[];
  readonly entityIds?: readonly string[] | null | undefined;
  readonly topValues?: number | null | undefined;
  readonly bins?: number | null | undefined;
}

const { defaultTopValues, defaultHistogramBins, maxEntityIds, maxTopValues, maxHistogramBins } = REQUEST_LIMITS;

/** The request of the service, from the arguments and under the policy. Errors name the argument. */
export function statisticsRequest(
  { access, now, principal, versions }: Pick<RequestContext, 'access' | 'now' | 'principal' | 'versions'>,
  feature: Feature,
  { ranges, entityIds, topValues, bins }: WantedStatistics,
): StatisticsRequest {
  const ids = entityIds ? toIds(feature, entityIds) : null;
  checkRead(access, feature, ids);
  return {
    feature,
    ranges: ranges.map(({ field, range }): WantedRange => ({
      from: range?.from ?? null,
      before: range?.before ?? null,
      field,
    })),
    entityIds: ids,
    topValues: inLimit(topValues ?? defaultTopValues, maxTopValues, 'topValues'),
    bins: inLimit(bins ?? defaultHistogramBins, maxHistogramBins, 'bins'),
    now,
    version: versions.of([feature.source]),
    view: policyView(principal, access),
  };
}

/** `field` is the argument that names the features; absent: `entityIds` can restrict them. Statistics of all entities need the permission for all of them: the numbers tell of each. */
export function checkRead(
  access: RequestContext['access'],
  feature: Feature,
  entityIds: readonly string[] | null,
  field?: string,
): void {
  const reads = access.reads(feature.entityType);
  if (entityIds === null) {
    if (reads.everywhere.has(feature)) return;
    if (!reads.anywhere.has(feature)) throw permissionDenied(`You may not read the feature "${feature.name}".`, field);
    throw permissionDenied(
      `You may not read the feature "${feature.name}" of all entities.${field === undefined ? ' Name those that you may read.' : ''}`,
      field ?? 'entityIds',
    );
  }
  if (entityIds.length === 0 && !reads.anywhere.has(feature)) {
    throw permissionDenied(`You may not read the feature "${feature.name}".`);
  }
  entityIds.forEach((entityId, index) => {
    if (reads.has(feature, entityId)) return;
    throw permissionDenied(`You may not read the feature "${feature.name}" of this entity.`, `entityIds[${index}]`);
  });
}

function toIds({ entityType }: Feature, entityIds: readonly string[]): string[] {
  if (entityIds.length > maxEntityIds) {
    throw badInput(
      `"entityIds" has ${entityIds.length} ids, and at most ${formatLimit(maxEntityIds)}. Leave it out for all entities.`,
      'entityIds',
    );
  }
  return entityIds.map((entityId, index) => {
    try {
      return canonicalEntityId(entityId, entityType.entityIdColumns);
    } catch (error) {
      if (error instanceof AppError) throw new AppError(error.code, error.message, { field: `entityIds[${index}]` });
      throw error;
    }
  });
}

/** A number of things that the client asks for. */
export function inLimit(number: number, most: number, field: string): number {
  if (number >= 1 && number <= most) return number;
  throw badInput(`"${field}" is a number from 1 to ${most}, not ${number}.`, field);
}

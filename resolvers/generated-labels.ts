import type { Access } from '../auth/policy/access.js';
import { permissionDenied } from '../auth/policy/permission.js';
import type { EntityType } from '../datasources/registry/model.js';
import { badInput } from '../errors/app-error.js';
import { formatLimit, REQUEST_LIMITS } from '../limits/request-limits.js';
import type {
  GeneratedLabels as ShownLabels,
  GeneratedLabelsInput,
  LabelIntervalInput,
} from '../schema/job/generated-labels.js';
import type { GeneratedLabels, LabelInterval } from '../training-sets/generated-labels.js';
import type { LabelSource } from '../training-sets/training-sets.js';
import { canonicalEntityId } from '../values/entity-id.js';
import { namedFeature } from './catalogue.js';

const PLACE = 'labels.source.generated';

/** The labels of the input. The times of events are values: they need the permission to read the feature. */
export function generatedLabels(
  access: Access,
  entityType: EntityType,
  { entityIds, times: { regular, events } }: GeneratedLabelsInput,
  timeColumn: string,
): GeneratedLabels {
  const labels = { kind: 'GENERATED', entityIds: canonicalIds(entityType, entityIds ?? null), timeColumn } as const;
  if (regular) {
    const { from, until, timeZone } = regular;
    const every = toInterval(regular.every);
    return { ...labels, times: { kind: 'REGULAR', from, until, every, timeZone: timeZone ?? 'UTC' } };
  }
  const { feature: name, from, until } = events!;
  const place = `${PLACE}.times.events.feature`;
  const feature = namedFeature(access, entityType, name, place);
  const reads = access.reads(entityType);
  const mayRead =
    labels.entityIds === null
      ? reads.everywhere.has(feature)
      : labels.entityIds.every((id) => reads.ofEntity(id).has(feature));
  if (!access.isUnrestricted && !mayRead) {
    throw permissionDenied(`You may not read the feature "${name}" of all entities of the labels.`, place);
  }
  return { ...labels, times: { kind: 'EVENTS', feature: name, from, until } };
}

/** An interval of the input: exactly one of its fields. */
export function toInterval({ seconds, days, weeks }: LabelIntervalInput): LabelInterval {
  if (days !== undefined) return { unit: 'DAY', count: days };
  if (weeks !== undefined) return { unit: 'WEEK', count: weeks };
  return { unit: 'SECOND', count: seconds! };
}

function canonicalIds({ entityIdColumns }: EntityType, ids: readonly string[] | null): string[] | null {
  if (ids === null) return null;
  const { maxEntityIds } = REQUEST_LIMITS;
  if (ids.length > maxEntityIds) {
    throw badInput(
      `"entityIds" has ${ids.length} ids. One request takes at most ${formatLimit(maxEntityIds)}.`,
      `${PLACE}.entityIds`,
    );
  }
  return [...new Set(ids.map((id) => canonicalEntityId(id, entityIdColumns)))];
}

const DAYS_OF = { DAY: 1, WEEK: 7 } as const;

/** What the client gave, from the record of the job; null for labels of other sources. */
export function shownGeneratedLabels(labels: LabelSource): ShownLabels | null {
  if (labels.kind !== 'GENERATED') return null;
  const { entityIds, times } = labels;
  const every = times.kind === 'REGULAR' ? times.every : null;
  return {
    namedEntities: entityIds?.length ?? null,
    from: times.from,
    until: times.until,
    everySeconds: every?.unit === 'SECOND' ? every.count : null,
    everyDays: every === null || every.unit === 'SECOND' ? null : every.count * DAYS_OF[every.unit],
    timeZone: times.kind === 'REGULAR' ? times.timeZone : null,
    eventsOf: times.kind === 'EVENTS' ? times.feature : null,
  };
}

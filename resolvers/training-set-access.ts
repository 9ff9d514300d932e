import type { Access } from '../auth/policy/access.js';
import { checkJob, permissionDenied } from '../auth/policy/permission.js';
import type { EntityType, Feature } from '../datasources/registry/model.js';
import type { LabelSource, LeftOutFeature, TrainingSetJoin } from '../training-sets/training-sets.js';
import { encodeEntityId } from '../values/entity-id.js';
import { checkTable } from './table-access.js';

/** What the client asked of one join, before the policy. */
export interface WantedFeatures {
  readonly entityType: EntityType;
  readonly entityIdColumns: readonly string[];
  /** Named one by one: each is given or the request is refused. */
  readonly named: readonly Feature[];
  /** Of views, or all: what the principal may not have is left out. */
  readonly others: readonly Feature[];
  /** The path of the join in the input: `` or `joins[0].`. */
  readonly path: string;
}

export interface PermittedFeatures {
  readonly features: TrainingSetJoin['features'];
  readonly leftOut: readonly LeftOutFeature[];
}

/**
 * The features of a join under the policy. It leaves out the features that the principal may not read, and those of
 * sensitivity PERSONAL, unless they are named: then the first is put in or the request is refused. Without a policy it
 * leaves out nothing.
 */
export function permittedFeatures(access: Access, wanted: WantedFeatures, labels: LabelSource): PermittedFeatures {
  const { entityType, named, others, path } = wanted;
  const all = [...new Set([...named, ...others])];
  if (access.isUnrestricted) return { features: all, leftOut: [] };
  const mayRead = readableFor(access, wanted, labels);
  named.forEach((feature, index) => {
    if (mayRead(feature)) return;
    throw permissionDenied(
      `You may not read the feature "${feature.name}"${scopeNote(access, feature)}.`,
      `${path}features[${index}]`,
    );
  });
  const isNamed = new Set(named);
  const leftOut = all.flatMap((feature): LeftOutFeature[] => {
    const reason = !mayRead(feature)
      ? 'DENIED'
      : feature.sensitivity === 'PERSONAL' && !isNamed.has(feature)
        ? 'PERSONAL'
        : null;
    const { featurestore } = entityType;
    if (reason === null) return [];
    return [{ featurestore: featurestore.name, entityType: entityType.name, feature: feature.name, reason }];
  });
  const without = new Set(leftOut.map(({ feature }) => feature));
  const features = all.filter(({ name }) => !without.has(name));
  if (features.length === 0) {
    throw permissionDenied(
      `No feature of "${entityType.name}" is left: you may not read the others, and a PERSONAL one must be named.`,
      `${path}features`,
    );
  }
  return { features, leftOut };
}

/** Refuses labels that the principal may not read. `field` is for requests that do not name the labels themselves. */
export function checkLabels(context: Parameters<typeof checkTable>[0], labels: LabelSource, field?: string): void {
  const { access } = context;
  if (labels.kind === 'FILE' && !access.mayUseFile('READ_FILE', labels.file)) {
    throw permissionDenied('You may not read this file.', field ?? 'labels.source.file.path');
  }
  if (labels.kind === 'TABLE') checkTable(context, labels.table, field ?? 'labels.source.table');
}

/** The limit of the cost under the policy: the lowest of the entity types. */
export function trainingSetCostLimit(
  access: Access,
  joins: readonly Pick<TrainingSetJoin, 'entityType'>[],
  maxCostUsd: number | null | undefined,
): number | null {
  return joins.reduce<number | null>(
    (limit, { entityType }, index) =>
      checkJob(
        access.jobOf('TRAINING_SET', entityType),
        limit,
        `make training sets of "${entityType.name}"`,
        index === 0 ? 'entityType' : `joins[${index - 1}].entityType`,
      ),
    maxCostUsd ?? null,
  );
}

/** The part of a join that decides which entities its labels have. */
type JoinedEntities = Pick<WantedFeatures, 'entityType' | 'entityIdColumns' | 'path'>;

/**
 * Whether the principal may read a feature of all entities of the labels. The ids of inline labels are known; those of a
 * file or table are not, so that only a permission for all entities counts.
 */
export function readableFor(
  access: Access,
  { entityType, entityIdColumns: columns, path }: JoinedEntities,
  labels: LabelSource,
): (feature: Feature) => boolean {
  // The ids of generated labels are those of the main entity type.
  const isMain = path === '';
  const reads = access.reads(entityType);
  if (labels.kind === 'GENERATED' && labels.entityIds !== null && isMain) {
    const ofIds = labels.entityIds.map((id) => reads.ofEntity(id));
    return (feature) => reads.anywhere.has(feature) && ofIds.every((features) => features.has(feature));
  }
  if (labels.kind !== 'INLINE') return (feature) => reads.everywhere.has(feature);
  const ofLabels = new Set<ReadonlySet<Feature>>();
  for (const row of labels.rows) {
    const parts = columns.map((column) => toIdPart(row[column]));
    if (parts.includes(null)) continue;
    ofLabels.add(parts.includes(undefined) ? reads.everywhere : reads.ofEntity(encodeEntityId(parts as string[])));
  }
  return (feature) => reads.anywhere.has(feature) && [...ofLabels].every((features) => features.has(feature));
}

/** null: the label has no id and gets no value. undefined: what the join makes of the value is not known here. */
function toIdPart(value: unknown): string | null | undefined {
  if (value === null || value === undefined) return null;
  if (typeof value === 'string') return value;
  return typeof value === 'number' && Number.isSafeInteger(value) ? String(value) : undefined;
}

function scopeNote(access: Access, feature: Feature): string {
  return access.reads(feature.entityType).anywhere.has(feature) ? ' of all entities of the labels' : '';
}

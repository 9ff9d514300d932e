import type { Access } from '../auth/policy/access.js';
import { permissionDenied } from '../auth/policy/permission.js';
import type { EntityType, Feature } from '../datasources/registry/model.js';
import type { Registry } from '../datasources/registry/registry.js';
import type { JoinSpec, TrainingSetJobRecord, TrainingSetValidationResult } from '../training-sets/training-sets.js';
import { isVisibleFeature } from './catalogue.js';
import type { RequestContext } from './context.js';
import { checkLabels, readableFor } from './training-set-access.js';

/** The features of a training set that the registry still has, by their column. */
export function featuresByColumn(
  { registry }: Pick<RequestContext, 'registry'>,
  { spec }: TrainingSetJobRecord,
): ReadonlyMap<string, Feature> {
  return new Map(
    spec.joins.flatMap((join) => {
      const entityType = findEntityType(registry, join);
      return join.features.flatMap((name): [string, Feature][] => {
        const feature = findFeature(entityType, name);
        return feature ? [[`${join.prefix}${name}`, feature]] : [];
      });
    }),
  );
}

/**
 * The violations of features that the client may know: each says what is expected of the feature. Entities are named whose
 * value the client may read.
 */
export function visibleViolations(
  { access, registry }: Pick<RequestContext, 'access' | 'registry'>,
  job: TrainingSetJobRecord,
  { unexpectedValues }: Pick<TrainingSetValidationResult, 'unexpectedValues'>,
): Pick<TrainingSetValidationResult, 'unexpectedValues'> {
  if (access.isUnrestricted || !unexpectedValues) return {};
  const features = featuresByColumn({ registry }, job);
  return {
    unexpectedValues: unexpectedValues.flatMap((violation) => {
      const feature = features.get(violation.column);
      if (feature === undefined || !isVisibleFeature(access, feature)) return [];
      const { entityIds } = violation;
      if (!entityIds) return [violation];
      const reads = access.reads(feature.entityType);
      const readable = entityIds.map((id) => (id !== null && reads.has(feature, id) ? id : null));
      return [{ ...violation, entityIds: readable }];
    }),
  };
}

/**
 * Refuses the columns of a training set that the client may not read by the policy of now, also of one that it made itself. The value and the
 * time of a feature need the permission to read it of the entities of the labels. All other columns are of the labels: they
 * need the permission for the labels and, since they have the ids, for one of the features.
 */
export function checkColumns(
  { access, registry }: Pick<RequestContext, 'access' | 'registry'>,
  { spec }: TrainingSetJobRecord,
): (column: string) => void {
  if (access.isUnrestricted) return () => undefined;
  const isReadable = new Map<string, boolean>();
  spec.joins.forEach((join, index) => {
    const mayRead = readableOf(access, registry, join, spec, index);
    for (const name of join.features) {
      const column = `${join.prefix}${name}`;
      isReadable.set(column, mayRead(name));
      if (spec.withTimestamps) isReadable.set(`${column}__timestamp`, mayRead(name));
    }
  });
  const hasReadable = [...isReadable.values()].includes(true);
  return (column) => {
    if (!(isReadable.get(column) ?? hasReadable)) {
      throw permissionDenied(`You may not read the column "${column}" of all entities of the labels.`, 'columns');
    }
    if (!isReadable.has(column)) checkLabels({ access, registry }, spec.labels, 'columns');
  };
}

/** Whether a feature of a join may be read. Of one that the registry does not have any more, no rule can say so. */
function readableOf(
  access: Access,
  registry: Registry,
  join: JoinSpec,
  { labels }: TrainingSetJobRecord['spec'],
  index: number,
): (name: string) => boolean {
  const entityType = findEntityType(registry, join);
  if (!entityType) return () => false;
  const { entityIdColumns } = join;
  const path = index === 0 ? '' : `joins[${index - 1}].`;
  const mayRead = readableFor(access, { entityType, entityIdColumns, path }, labels);
  return (name) => {
    const feature = findFeature(entityType, name);
    return feature !== undefined && mayRead(feature);
  };
}

function findEntityType(registry: Registry, { featurestore, entityType }: JoinSpec): EntityType | undefined {
  return registry.findFeaturestore(featurestore)?.entityTypes.find(({ name }) => name === entityType);
}

/** A feature may have had another name when the training set was made. */
function findFeature(entityType: EntityType | undefined, name: string): Feature | undefined {
  const features = entityType?.features;
  return (
    features?.find((feature) => feature.name === name) ?? features?.find(({ renamedFrom }) => renamedFrom === name)
  );
}

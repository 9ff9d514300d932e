import { badInput } from '../errors/app-error.js';
import { getEntityType, getFeature, type Registry } from '../datasources/registry/registry.js';
import type {
  TrainingSetJoin,
  TrainingSetOutputRequest,
  TrainingSetRequest,
  TrainingSetSpec,
} from './training-sets.js';

export function toTrainingSetSpec(request: TrainingSetRequest, output: TrainingSetOutputRequest): TrainingSetSpec {
  const { labels, joins, ttl, options, withTimestamps, validation, leftOut = [] } = request;
  return {
    labels,
    joins: joins.map(({ entityType, entityIdColumns, features, prefix }) => ({
      featurestore: entityType.featurestore.name,
      entityType: entityType.name,
      entityIdColumns,
      features: features.map(({ name }) => name),
      prefix,
    })),
    ...(ttl === undefined ? {} : { ttl }),
    options,
    withTimestamps,
    ...(validation === undefined ? {} : { validation }),
    output,
    ...(leftOut.length === 0 ? {} : { leftOut }),
  };
}

/** Restores the request from the current registry. The registry of a resumed job may lack a feature of the request. */
export function toTrainingSetRequest(spec: TrainingSetSpec, registry: Registry): TrainingSetRequest {
  const { labels, ttl, options, withTimestamps, validation } = spec;
  return {
    labels,
    joins: spec.joins.map(({ featurestore, entityType: name, entityIdColumns, features, prefix }) => {
      const entityType = getEntityType(registry.featurestore(featurestore), name);
      return {
        entityType,
        entityIdColumns,
        features: features.map((feature) => getFeature(entityType, feature, 'features')),
        prefix,
      };
    }),
    ...(ttl === undefined ? {} : { ttl }),
    options,
    withTimestamps,
    ...(validation === undefined ? {} : { validation }),
  };
}

/** A column of the output that holds a feature. */
export interface FeatureColumn {
  readonly join: TrainingSetJoin;
  /** The name in the output. */
  readonly name: string;
  /** The name of the column with the time of its value; null if the request does not include times. */
  readonly timestampName: string | null;
}

/** The feature columns of the output, in order. Rejects any two columns with the same name. */
export function featureColumns(request: TrainingSetRequest, labelColumns: readonly string[]): FeatureColumn[] {
  const taken = new Map<string, string>(
    labelColumns.map((name) => [normalizeColumnName(name), `column "${name}" of the labels`]),
  );
  const take = (name: string, what: string): string => {
    const other = taken.get(normalizeColumnName(name));
    if (other !== undefined) {
      throw badInput(
        `The output would have two columns "${name}": ${what}, and ${other}. Rename the column of the labels, or give ` +
          'the join a prefix.',
        'joins',
      );
    }
    taken.set(normalizeColumnName(name), what);
    return name;
  };
  return request.joins.flatMap((join) =>
    join.features.map((feature) => {
      const what = `feature "${feature.name}" of entity type "${join.entityType.name}"`;
      const name = take(`${join.prefix}${feature.name}`, what);
      const timestampName = request.withTimestamps ? take(`${name}__timestamp`, `the time of ${what}`) : null;
      return { join, name, timestampName };
    }),
  );
}

/** DuckDB treats names that differ only in case as equal. */
function normalizeColumnName(name: string): string {
  return name.toLowerCase();
}

/** Rejects the faults that the request alone shows. */
export function checkRequest({ joins, ttl }: TrainingSetRequest): void {
  if (joins.length === 0) throw badInput('A training set joins the features of at least one entity type.', 'joins');
  if (typeof ttl === 'bigint' && ttl < 0n) throw badInput('A ttl is not negative.', 'ttlSeconds');
  joins.forEach(({ entityType, entityIdColumns, features }, index) => {
    if (features.length === 0) throw badInput('No feature is asked for.', 'features');
    if (entityIdColumns.length !== entityType.entityIdColumns.length) {
      throw badInput(
        `Entity type "${entityType.name}" has the id columns ${entityType.entityIdColumns.join(', ')}: name one column ` +
          `of the labels for each, not ${entityIdColumns.length}.`,
        `joins[${index}].entityIdColumns`,
      );
    }
  });
}

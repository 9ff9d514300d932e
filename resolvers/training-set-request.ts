import { formatOfFile } from '../datasources/files/file-format.js';
import {
  DEFAULT_VALIDATION,
  type LabelSource,
  type TrainingSetJoin,
  type TrainingSetRequest,
} from '../training-sets/training-sets.js';
import type { EntityType, Feature } from '../datasources/registry/model.js';
import { getEntityType, getFeature, getFeatureView, type Registry } from '../datasources/registry/registry.js';
import { badInput } from '../errors/app-error.js';
import { REQUEST_LIMITS } from '../limits/request-limits.js';
import type { LabelsInput, TrainingSetInput } from '../schema/job/start-training-set.js';
import { ttlFromSeconds } from '../values/instant.js';

/** What a client asks for, as the port takes it. Faults name the field of the input. */
export function trainingSetRequest(registry: Registry, input: TrainingSetInput): TrainingSetRequest {
  const featurestore = registry.featurestore(input.featurestore, 'featurestore');
  const entityType = getEntityType(featurestore, input.entityType, 'entityType');
  const main: TrainingSetJoin = {
    entityType,
    entityIdColumns: idColumns(entityType, input.labels.entityIdColumns, 'labels.entityIdColumns'),
    features: selected(entityType, input, ''),
    prefix: '',
  };
  const others = (input.joins ?? []).map((join, index): TrainingSetJoin => {
    const place = `joins[${index}].`;
    const joined = getEntityType(featurestore, join.entityType, `${place}entityType`);
    return {
      entityType: joined,
      entityIdColumns: idColumns(joined, join.entityIdColumns, `${place}entityIdColumns`),
      features: selected(joined, join, place),
      prefix: join.prefix ?? `${joined.name}_`,
    };
  });
  const { ttlSeconds } = input;
  return {
    labels: labelSource(input.labels),
    joins: [main, ...others],
    // An explicit null counts as nothing said, as everywhere: it must not make expired values valid.
    ...(ttlSeconds == null ? {} : { ttl: ttlFromSeconds(ttlSeconds) }),
    options: {
      strictlyBefore: input.strictlyBefore ?? false,
      knownAtLabelTime: input.knownAtLabelTime ?? false,
      knownAt: input.knownAt ?? null,
      includeExpired: input.includeExpired ?? false,
    },
    withTimestamps: input.withTimestamps ?? false,
    validation: {
      mode: input.validation ?? DEFAULT_VALIDATION.mode,
      seed: input.validationSeed ?? DEFAULT_VALIDATION.seed,
    },
  };
}

/** Exactly one of rows, file and table is set: the source is a OneOf input object. */
function labelSource({ source: { rows, file, table }, timeColumn: named }: LabelsInput): LabelSource {
  const timeColumn = named ?? 'timestamp';
  if (file !== undefined) {
    const format = file.format ?? formatOfFile(file.path, 'labels.source.file.format');
    return { kind: 'FILE', file: file.path, format, timeColumn };
  }
  if (table !== undefined) return { kind: 'TABLE', table, timeColumn };
  const labels = rows!;
  const { maxLabelRows } = REQUEST_LIMITS;
  if (labels.length > maxLabelRows) {
    throw badInput(
      `"rows" has ${labels.length} labels. One request takes at most ${maxLabelRows}. Put the labels in a file.`,
      'labels.source.rows',
    );
  }
  return { kind: 'INLINE', rows: labels, timeColumn };
}

function idColumns(entityType: EntityType, named: readonly string[] | null | undefined, field: string) {
  const { entityIdColumns } = entityType;
  if (named && named.length !== entityIdColumns.length) {
    throw badInput(
      `An id of ${entityType.name} has ${entityIdColumns.length} columns (${entityIdColumns.join(', ')}); ` +
        `The input names ${named.length}.`,
      field,
    );
  }
  return named ?? entityIdColumns;
}

interface Selection {
  readonly features: readonly string[] | null | undefined;
  readonly featureViews: readonly string[] | null | undefined;
}

/** Features by name, then those of views, each once; all of the entity type when neither is given. */
function selected(entityType: EntityType, { features, featureViews }: Selection, path: string): readonly Feature[] {
  if (!features && !featureViews) return entityType.features;
  const named = (features ?? []).map((name, index) => getFeature(entityType, name, `${path}features[${index}]`));
  const viewed = (featureViews ?? []).flatMap(
    (name, index) => getFeatureView(entityType, name, `${path}featureViews[${index}]`).features,
  );
  const chosen = [...new Set([...named, ...viewed])];
  if (chosen.length === 0)
    throw badInput(
      '"features" and "featureViews" select no feature. Omit both to select all features.',
      `${path}features`,
    );
  return chosen;
}

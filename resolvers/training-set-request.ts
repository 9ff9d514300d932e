import type { Access } from '../auth/policy/access.js';
import { formatOfFile } from '../datasources/files/file-format.js';
import {
  DEFAULT_VALIDATION,
  type LabelSource,
  type LeftOutFeature,
  type TrainingSetJoin,
  type TrainingSetRequest,
} from '../training-sets/training-sets.js';
import type { EntityType } from '../datasources/registry/model.js';
import { badInput } from '../errors/app-error.js';
import { REQUEST_LIMITS } from '../limits/request-limits.js';
import type { LabelsInput, TrainingSetInput } from '../schema/job/start-training-set.js';
import { namedEntityTypeIn, namedFeature, namedFeaturestore, namedFeatureView } from './catalogue.js';
import type { RequestContext } from './context.js';
import { generatedLabels } from './generated-labels.js';
import { fileOptions } from './file-options.js';
import { checkLabels, permittedFeatures, trainingSetCostLimit, type WantedFeatures } from './training-set-access.js';
import { ttlFromSeconds } from '../values/instant.js';

/**
 * Makes the request of the port from the input, under the policy. Errors name the field of the input. Previews, estimates,
 * validations and jobs begin here.
 */
export function trainingSetRequest(
  { registry, access }: Pick<RequestContext, 'registry' | 'access'>,
  input: TrainingSetInput,
): TrainingSetRequest {
  const featurestore = namedFeaturestore({ registry, access }, input.featurestore);
  const entityType = namedEntityTypeIn(access, featurestore, input.entityType);
  const labels = labelSource(access, entityType, input.labels);
  checkLabels({ access, registry }, labels);
  const leftOut: LeftOutFeature[] = [];
  const permitted = (wanted: WantedFeatures): TrainingSetJoin['features'] => {
    const found = permittedFeatures(access, wanted, labels);
    leftOut.push(...found.leftOut);
    return found.features;
  };
  const mainColumns = idColumns(entityType, input.labels.entityIdColumns, 'labels.entityIdColumns');
  const main: TrainingSetJoin = {
    entityType,
    entityIdColumns: mainColumns,
    features: permitted({ ...selected(access, entityType, input, ''), entityIdColumns: mainColumns }),
    prefix: '',
  };
  const { maxJoins } = REQUEST_LIMITS;
  if ((input.joins?.length ?? 0) > maxJoins) {
    throw badInput(`"joins" has ${input.joins!.length} joins. One training set has at most ${maxJoins}.`, 'joins');
  }
  const others = (input.joins ?? []).map((join, index): TrainingSetJoin => {
    const place = `joins[${index}].`;
    const joined = namedEntityTypeIn(access, featurestore, join.entityType, `${place}entityType`);
    const columns = idColumns(joined, join.entityIdColumns, `${place}entityIdColumns`);
    return {
      entityType: joined,
      entityIdColumns: columns,
      features: permitted({ ...selected(access, joined, join, place), entityIdColumns: columns }),
      prefix: join.prefix ?? `${joined.name}_`,
    };
  });
  const joins = [main, ...others];
  trainingSetCostLimit(access, joins, null);
  const { ttlSeconds } = input;
  return {
    labels,
    joins,
    ...(leftOut.length === 0 ? {} : { leftOut }),
    // null means the ttl of each feature, not "no expiry".
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

/** The source is a OneOf input: exactly one of its fields is set. */
function labelSource(
  access: Access,
  entityType: EntityType,
  { source: { rows, file, table, generated }, timeColumn: named }: LabelsInput,
): LabelSource {
  const timeColumn = named ?? 'timestamp';
  if (file !== undefined) {
    const format = file.format ?? formatOfFile(file.path, 'labels.source.file.format');
    const options = fileOptions(file, format, 'labels.source.file');
    const isPlain = Object.keys(options).length === 0;
    return { kind: 'FILE', file: file.path, format, ...(isPlain ? {} : { options }), timeColumn };
  }
  if (table !== undefined) return { kind: 'TABLE', table, timeColumn };
  if (generated !== undefined) return generatedLabels(access, entityType, generated, timeColumn);
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

/** The named features, and those of the views. All features of the entity type if the input names none. */
function selected(
  access: Access,
  entityType: EntityType,
  { features, featureViews }: Selection,
  path: string,
): Omit<WantedFeatures, 'entityIdColumns'> {
  if (!features && !featureViews) return { entityType, named: [], others: entityType.features, path };
  const named = (features ?? []).map((name, index) =>
    namedFeature(access, entityType, name, `${path}features[${index}]`),
  );
  const viewed = (featureViews ?? []).flatMap(
    (name, index) => namedFeatureView(access, entityType, name, `${path}featureViews[${index}]`).features,
  );
  if (named.length + viewed.length === 0)
    throw badInput(
      '"features" and "featureViews" select no feature. Omit both to select all features.',
      `${path}features`,
    );
  return { entityType, named, others: viewed, path };
}

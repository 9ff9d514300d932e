import { badInput } from '../errors/app-error.js';
import { toDuckDbType } from '../datasources/duckdb/value-mapping.js';
import { hasCreationTime, noCreationTime } from '../datasources/offline/point-in-time/no-creation-time.js';
import {
  planPointInTime,
  timeColumnName,
  writtenAfterName,
  type FeaturePlan,
  type PointInTimePlan,
  type SourcePlan,
} from '../datasources/offline/point-in-time/plan.js';
import type { TrainingSetRequest } from './training-sets.js';
import type { LabelColumn } from './label-columns.js';
import { entityName, labelName } from './load-labels.js';
import type { HistoryStore, FindRemoteStore } from './remote-store.js';
import { featureColumns } from './training-set-spec.js';

/** A valid training set: all its columns, and their names in each step. */
export interface TrainingSetPlan {
  readonly request: TrainingSetRequest;
  readonly pointInTime: PointInTimePlan;
  /** The store of each source whose history is remote; a source that is absent from the map is local. */
  readonly remoteStores: ReadonlyMap<SourcePlan, HistoryStore>;
  readonly labelColumns: readonly LabelColumn[];
  readonly features: readonly PlannedColumn[];
  /** In order. */
  readonly outputColumns: readonly OutputColumn[];
}

export interface PlannedColumn {
  /** The name in the output. */
  readonly name: string;
  readonly source: SourcePlan;
  readonly feature: FeaturePlan;
  /** The column of the work tables with the time of the value; null for a static source, whose values have no time. */
  readonly timeColumn: string | null;
  /**
   * The column of the work tables that says whether the value was written after the label; null for a static source,
   * and where rows have no creation times.
   */
  readonly writtenAfterColumn: string | null;
  /** The name of the time column in the output; null if the request does not include times. */
  readonly timestampName: string | null;
}

export interface OutputColumn {
  readonly name: string;
  /** The type in DuckDB's notation. */
  readonly type: string;
  /** Its column in the work tables; null for the time of a value without a time. */
  readonly from: string | null;
  /** Whether it is a TIMESTAMP that means a moment in UTC. A TIMESTAMP that passes through means what its owner says. */
  readonly isMoment: boolean;
  /** The column name that the validation uses. It is unique even if two columns come from the same one. */
  readonly checkedAs: string;
}

export function planTrainingSet(
  request: TrainingSetRequest,
  labelColumns: readonly LabelColumn[],
  findRemoteStore: FindRemoteStore,
): TrainingSetPlan {
  const columns = featureColumns(
    request,
    labelColumns.map(({ name }) => name),
  );
  const { joins, ttl, options } = request;
  const pointInTime = planPointInTime(
    joins.map(({ features }, index) => ({
      entityColumn: entityName(index),
      features,
      ...(ttl === undefined ? {} : { ttl }),
    })),
    options,
  );
  const plans = new Map(
    pointInTime.sources.flatMap((source) =>
      source.features.map((feature) => [feature.valueColumn, { source, feature }]),
    ),
  );
  const remoteStores = new Map<SourcePlan, HistoryStore>();
  for (const source of pointInTime.sources) {
    const store = findRemoteStore(source.source.entityType.featurestore);
    if (store) remoteStores.set(source, store);
  }
  const features = columns.map(({ name, timestampName }, index): PlannedColumn => {
    // The plan numbers its columns in the order of the given features.
    const { source, feature } = plans.get(`value_${index}`)!;
    const isStatic = source.source.timestampColumn === null;
    return {
      name,
      timestampName,
      source,
      feature,
      timeColumn: isStatic ? null : timeColumnName(source, feature),
      writtenAfterColumn:
        isStatic || !hasCreationTimes(source, remoteStores) ? null : writtenAfterName(source, feature),
    };
  });
  refuseFullValidation(request, remoteStores);
  refuseUnknownCreation(pointInTime, remoteStores);
  return {
    request,
    pointInTime,
    remoteStores,
    labelColumns,
    features,
    outputColumns: outputColumns(request.labels.timeColumn, labelColumns, features),
  };
}

/** A full validation would copy the whole history of every entity, which a remote store bills by the byte. */
function refuseFullValidation(
  { validation }: TrainingSetRequest,
  remoteStores: ReadonlyMap<SourcePlan, HistoryStore>,
): void {
  const [source] = remoteStores.keys();
  if (validation?.mode !== 'FULL' || !source) return;
  throw badInput(
    `The history of entity type "${source.source.entityType.name}" is in a remote store, where a validation compares at most ` +
      '100 rows with the history. Use SAMPLE, and other seeds for other rows.',
    'validation',
  );
}

/** A remote store knows the columns of its tables; the registry tells it of the others. */
function hasCreationTimes(plan: SourcePlan, remoteStores: ReadonlyMap<SourcePlan, HistoryStore>): boolean {
  return remoteStores.get(plan)?.hasCreationTimes(plan.source) ?? hasCreationTime(plan.source);
}

/** Without a creation time no row counts, and every value would be null. */
function refuseUnknownCreation(
  { sources, options }: PointInTimePlan,
  remoteStores: ReadonlyMap<SourcePlan, HistoryStore>,
): void {
  for (const plan of sources) {
    const { source } = plan;
    if (hasCreationTimes(plan, remoteStores)) continue;
    if (options.knownAt !== null) throw noCreationTime(source);
    // Static values hold at the time of every label.
    if (options.knownAtLabelTime && source.timestampColumn !== null) throw noCreationTime(source, 'knownAtLabelTime');
  }
}

function outputColumns(
  labelTime: string,
  labels: readonly LabelColumn[],
  features: readonly PlannedColumn[],
): OutputColumn[] {
  return [
    ...labels.map(({ name, type }, index): OutputColumn => {
      const isMoment = name === labelTime && /^TIMESTAMP(_S|_MS|_NS)?$/.test(type);
      return { name, type, from: labelName(index), isMoment, checkedAs: labelName(index) };
    }),
    ...features.flatMap(({ name, feature, timeColumn, timestampName }): OutputColumn[] => [
      {
        name,
        type: toDuckDbType(feature.feature.valueType).toString(),
        from: feature.valueColumn,
        isMoment: feature.feature.valueType === 'TIMESTAMP',
        checkedAs: feature.valueColumn,
      },
      ...(timestampName === null
        ? []
        : [
            {
              name: timestampName,
              type: 'TIMESTAMP',
              from: timeColumn,
              isMoment: true,
              checkedAs: feature.timestampColumn,
            },
          ]),
    ]),
  ];
}

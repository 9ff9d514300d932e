import type { Feature } from '../datasources/registry/model.js';
import type { LabelSource, TrainingSetJobRecord, TrainingSetSpec } from '../training-sets/training-sets.js';
import type { ColumnOrigin, Datasets, SchemaField } from './datasets.js';
import type { Dataset, DatasetName, Facets } from './open-lineage.js';

/** Labels of a request itself are values, and no dataset. */
export function labelInputs(labels: LabelSource, datasets: Datasets): Dataset[] {
  const name = labelName(labels, datasets);
  return name ? [datasets.plain(name)] : [];
}

/** The training set of a job; none before the job ended. */
export function trainingSetDataset(
  { spec, result }: TrainingSetJobRecord,
  features: readonly Feature[],
  datasets: Datasets,
  facets: Facets = {},
): Dataset[] {
  if (!result) return [];
  const { names } = datasets;
  const { format, location } = result.output;
  const found = columnsOfFeatures(spec, features);
  const fields = result.columns.map((name) => toField(name, found.get(name), isTime(spec, name)));
  const name = format === 'TABLE' ? names.table(location) : names.file(location);
  return [datasets.plain(name, { ...datasets.schema(fields), ...facets })];
}

/**
 * The same as an output. The columns of features are copies of the columns of their sources, and the other columns are
 * copies of those of the labels. `features` are those that the registry has: the columns of others have no known origin.
 */
export function trainingSetOutput(
  job: TrainingSetJobRecord,
  features: readonly Feature[],
  datasets: Datasets,
): Dataset[] {
  const { spec, result } = job;
  if (!result) return [];
  const found = columnsOfFeatures(spec, features);
  const asked = new Set(spec.joins.flatMap(({ prefix, features: of }) => of.map((name) => `${prefix}${name}`)));
  const labels = labelName(spec.labels, datasets);
  const copies = new Map<string, ColumnOrigin>();
  for (const column of result.columns) {
    const feature = found.get(column);
    if (feature) copies.set(column, datasets.origin(feature));
    else if (labels && !asked.has(column) && !isTime(spec, column)) {
      copies.set(column, { dataset: labels, field: column });
    }
  }
  const lineage = datasets.columnLineage(copies, joinColumns([...found.values()], datasets));
  const rowCount = Number(result.rows);
  const outputStatistics = datasets.facets.make('OutputStatisticsOutputDatasetFacet', { rowCount });
  return trainingSetDataset(job, features, datasets, lineage).map((dataset) =>
    Number.isSafeInteger(rowCount) ? { ...dataset, outputFacets: { outputStatistics } } : dataset,
  );
}

function labelName(labels: LabelSource, { names }: Datasets): DatasetName | null {
  if (labels.kind === 'FILE') return names.file(labels.file);
  return labels.kind === 'TABLE' ? names.table(labels.table) : null;
}

function columnsOfFeatures({ joins }: TrainingSetSpec, features: readonly Feature[]): Map<string, Feature> {
  return new Map(
    joins.flatMap(({ featurestore, entityType, prefix, features: asked }) =>
      asked.flatMap((name): [string, Feature][] => {
        const feature = features.find(
          (each) =>
            each.name === name &&
            each.entityType.name === entityType &&
            each.entityType.featurestore.name === featurestore,
        );
        return feature ? [[`${prefix}${name}`, feature]] : [];
      }),
    ),
  );
}

/** Whether a column has the event times of a feature. */
function isTime({ joins, withTimestamps }: TrainingSetSpec, column: string): boolean {
  return (
    withTimestamps &&
    joins.some(({ prefix, features }) => features.some((name) => `${prefix}${name}__timestamp` === column))
  );
}

/** The columns by which a label finds its values: the entity id and the event time. */
function joinColumns(features: readonly Feature[], datasets: Datasets): ColumnOrigin[] {
  return [...new Set(features.map(({ source }) => source))].flatMap((source) => {
    const dataset = datasets.names.source(source);
    const { entityType, timestampColumn } = source;
    const time = timestampColumn === null ? [] : [timestampColumn];
    return [...entityType.entityIdColumns, ...time].map((field) => ({ dataset, field }));
  });
}

function toField(name: string, feature: Feature | undefined, isTimeOf: boolean): SchemaField {
  if (isTimeOf) return { name, type: 'TIMESTAMP' };
  if (!feature) return { name };
  const { valueType, description } = feature;
  return { name, type: valueType, ...(description === null ? {} : { description }) };
}

import { NOT_FOUND_CELL, type CellStatus } from '../../../values/feature-cell.js';
import type { Instant } from '../../../values/instant.js';
import type { Feature, FeatureSource } from '../../registry/model.js';
import { toChunks } from '../../../runtime/to-chunks.js';
import type { BulkRead, LabelCells, EntityMoment, PointInTimeCell, PointInTimeRead } from '../offline-store.js';
import { compileForBigQuery, EXPIRED_NULL, type BigQueryForm } from '../point-in-time/bigquery/compile-for-bigquery.js';
import { BigQueryParameters, timestampParameter, type BigQuerySql } from '../point-in-time/bigquery/parameters.js';
import { FilteredIds } from '../point-in-time/bigquery/row-filters.js';
import { quoteForBigQuery, type BigQueryTable } from '../point-in-time/bigquery/table.js';
import { planPointInTime, type PointInTimePlan } from '../point-in-time/plan.js';
import { ALL_OUTPUTS, type FeatureOutputs } from '../point-in-time/source-block.js';
import type { ResultRow } from './query-jobs.js';
import { fromBigQuery, integerFromBigQuery } from './value-mapping.js';

/** A request holds at most 10 MB. The labels, written as JSON by the client, get a third of that. */
const LABEL_BYTES_PER_QUERY = 3_300_000;
/** The bytes that the client adds to the three fields of a label. */
const BYTES_AROUND_LABEL = 140;
/** A statement that joins some 30 feature tables exceeds BigQuery's planner. */
const SOURCES_PER_QUERY = 15;
/** A statement has at most 1 MB, and a feature with the longest name takes a KB of it. */
export const FEATURES_PER_QUERY = 800;

/** A part of a read for one query: some of its labels and some of its features. */
export interface PointInTimeQuery {
  readonly query: BigQuerySql;
  /** The indices of the features in the read. */
  readonly columns: readonly number[];
}

interface Label {
  readonly row: number;
  readonly entityId: string;
  readonly time: Instant;
}

interface PointInTimeQueryOptions {
  readonly form: BigQueryForm;
  /** Off: the queries of any entities, for an estimate. A filter that no row can match would be estimated as free. */
  readonly filtersIds: boolean;
  readonly tableOf: (source: FeatureSource) => BigQueryTable;
}

/**
 * The queries of a read. A label without an id or a time matches nothing, so no query sends it. Therefore no parameter
 * has a null, which BigQuery would reject, and a read with only such labels needs no query.
 */
export function pointInTimeQueries(
  read: PointInTimeRead,
  { form, filtersIds, tableOf }: PointInTimeQueryOptions,
): PointInTimeQuery[] {
  const groups = featureGroups(read.features);
  return labelChunks(read.labels.flatMap(parseLabel)).flatMap((chunk) => {
    const entityIds = filtersIds ? distinctIds(chunk) : null;
    return groups.map((columns) => {
      const parameters = new BigQueryParameters();
      const placeholder = parameters.add(
        'labels',
        [{ row_id: 'INT64', label_time: 'TIMESTAMP', entity_id: 'STRING' }],
        chunk.map(({ row, entityId, time }) => ({
          row_id: String(row),
          label_time: timestampParameter(time),
          entity_id: entityId,
        })),
      );
      const target = {
        form,
        labels: `UNNEST(${placeholder})`,
        bounds: computeLabelBounds(chunk),
        entityIdsOf: () => entityIds,
        tableOf,
        outputs: outputsOf(read),
      };
      return { query: compileForBigQuery(planQuery(read, columns), target, parameters), columns };
    });
  });
}

/** Labels in a table of their own, with the columns of LABEL_COLUMNS. */
export interface LoadedLabels {
  /** `project.dataset.table`. */
  readonly path: string;
  readonly bounds: LabelBounds;
  /** Their distinct ids; null: too many for a filter. */
  readonly entityIds: ReadonlySet<string> | null;
}

export const LABEL_COLUMNS = [
  { name: 'row_id', type: 'INT64', mode: 'REQUIRED' },
  { name: 'label_time', type: 'TIMESTAMP', mode: 'REQUIRED' },
  { name: 'entity_id', type: 'STRING', mode: 'REQUIRED' },
];

/**
 * The one query of a bulk read. It always has the aggregate form, whatever the settings. Both forms give the same
 * result, but ML.ENTITY_FEATURES_AT_TIME accepts at most 100 MB of labels.
 */
export function bulkQuery(
  read: BulkRead,
  { path, bounds, entityIds }: LoadedLabels,
  tableOf: (source: FeatureSource) => BigQueryTable,
): PointInTimeQuery {
  const columns = [...read.features.keys()];
  const labels = quoteForBigQuery(path);
  const target = {
    form: 'aggregate' as const,
    labels,
    bounds,
    entityIdsOf: () => entityIds,
    tableOf,
    isUnordered: true,
    outputs: outputsOf(read),
  };
  return { query: compileForBigQuery(planQuery(read, columns), target), columns };
}

function outputsOf({ writtenAfter = false }: Pick<PointInTimeRead, 'writtenAfter'>): FeatureOutputs {
  return { ...ALL_OUTPUTS, writtenAfter };
}

function planQuery(
  { features, options, ttl }: Omit<PointInTimeRead, 'labels'>,
  columns: readonly number[],
): PointInTimePlan {
  return planPointInTime(
    [{ entityColumn: 'entity_id', features: columns.map((column) => features[column]!), ttl }],
    options,
  );
}

/** The initial cells of a read: a cell without a row in any result stays NOT_FOUND. */
export function emptyCells({ labels, features, writtenAfter }: PointInTimeRead): PointInTimeCell[][] {
  const cell = writtenAfter ? { ...NOT_FOUND_CELL, writtenAfter: false } : NOT_FOUND_CELL;
  return labels.map(() => features.map(() => cell));
}

/** Copies a row of a query's result into the cells. */
export function placeRow(
  row: ResultRow,
  { columns }: PointInTimeQuery,
  { features, ...read }: PointInTimeRead,
  cells: PointInTimeCell[][],
): void {
  const ofLabel = cells[Number(integerFromBigQuery(row.row_id))]!;
  columns.forEach((column, number) => (ofLabel[column] = readCell(row, number, features[column]!, read)));
}

/** A row of the result of a bulk query. */
export function labelCells(row: ResultRow, { features, ...read }: BulkRead): LabelCells {
  return {
    label: Number(integerFromBigQuery(row.row_id)),
    cells: features.map((feature, number) => readCell(row, number, feature, read)),
  };
}

function readCell(
  row: ResultRow,
  number: number,
  { valueType }: Feature,
  { options, writtenAfter = false }: Pick<PointInTimeRead, 'options' | 'writtenAfter'>,
): PointInTimeCell {
  const status = row[`status_${number}`] as CellStatus | typeof EXPIRED_NULL;
  const value = row[`value_${number}`];
  // BigQuery returns a null array as an empty one, so the status decides. The value of an expired cell is present when
  // the read requests it.
  const isGiven = status === 'PRESENT' || (status === 'EXPIRED' && value != null && options?.includeExpired === true);
  return {
    status: status === EXPIRED_NULL ? 'EXPIRED' : status,
    value: isGiven ? fromBigQuery(valueType, value) : null,
    timestamp: integerFromBigQuery(row[`timestamp_${number}`]),
    ...(writtenAfter && { writtenAfter: isGiven && row[`written_after_${number}`] === true }),
  };
}

/** A label without an id or a time matches nothing. */
export function parseLabel({ entityId, time }: EntityMoment, row: number): Label[] {
  return entityId === null || time === null ? [] : [{ row, entityId, time }];
}

function distinctIds(labels: readonly Label[]): ReadonlySet<string> | null {
  const filtered = new FilteredIds();
  for (const { entityId } of labels) filtered.add(entityId);
  return filtered.ids;
}

/**
 * The indices of the features, in groups that fit into one statement. The columns of a plan are numbered in this order.
 */
function featureGroups(features: readonly Feature[]): number[][] {
  const sources = [...new Set(features.map(({ source }) => source))];
  const groups = Map.groupBy(features.keys(), (column) =>
    Math.floor(sources.indexOf(features[column]!.source) / SOURCES_PER_QUERY),
  );
  return [...groups.values()].flatMap((group) => toChunks(group, FEATURES_PER_QUERY));
}

function labelChunks(labels: readonly Label[]): Label[][] {
  const chunks: Label[][] = [];
  let bytes = Infinity;
  for (const label of labels) {
    const size = BYTES_AROUND_LABEL + Buffer.byteLength(JSON.stringify(label.entityId));
    if (bytes + size > LABEL_BYTES_PER_QUERY) {
      chunks.push([]);
      bytes = 0;
    }
    chunks.at(-1)!.push(label);
    bytes += size;
  }
  return chunks;
}

export interface LabelBounds {
  readonly earliest: Instant;
  readonly latest: Instant;
}

export function computeLabelBounds(labels: readonly Pick<Label, 'time'>[]): LabelBounds {
  const times = labels.map(({ time }) => time);
  return {
    earliest: times.reduce((a, b) => (a < b ? a : b)),
    latest: times.reduce((a, b) => (a > b ? a : b)),
  };
}

import type { SqlTable, SqlValue } from '../googlesql/evaluator.js';
import { ApiError, checkFields, invalid, invalidQuery, notFound, required } from './api-error.js';
import { CLUSTERING_TYPES, LIMITS } from '../limits.js';
import { paginateRows } from './row-pages.js';
import { readMicros, parseScalar, readField, typeOfField, type Field } from './schema.js';

export interface StoredTable {
  readonly project: string;
  readonly dataset: string;
  readonly id: string;
  fields: Field[];
  readonly timePartitioning:
    { readonly type: string; readonly field?: string; readonly requirePartitionFilter?: boolean } | undefined;
  readonly requirePartitionFilter: boolean;
  readonly clustering: { readonly fields: readonly string[] } | undefined;
  readonly labels: Readonly<Record<string, string>>;
  readonly description: string | undefined;
  readonly rows: SqlValue[][];
  readonly insertIds: Set<string>;
  /** When each streamed row came, in microseconds. */
  readonly streamedAt: Map<SqlValue[], bigint>;
}

interface Dataset {
  readonly location: string;
  access: readonly { readonly role?: string; readonly userByEmail?: string }[];
  version: number;
  readonly tables: Map<string, StoredTable>;
}

const OWNERS = [{ role: 'OWNER', userByEmail: 'owner@example.com' }];
const STREAMING_BUFFER_MICROS = 1_800_000_000n;
const MICROS_PER_DAY = 86_400_000_000n;
const LIST_PARAMETERS = ['startIndex', 'maxResults', 'pageToken', 'formatOptions.useInt64Timestamp', 'prettyPrint'];
const { bigquery: LIMIT } = LIMITS;
const MAX_INSERT_BYTES = LIMIT.insertBytes.value;
const MAX_INSERT_ROWS = LIMIT.insertRows.value;

/** The tables of the server and what may be done to them. */
export class Tables {
  readonly #datasets = new Map<string, Dataset>();
  /** De-duplication by insertId is best effort: a test can switch it off, and nothing may depend on it. */
  deduplicates = true;
  /** tabledata.list ends a page at this size, however many rows were asked for. */
  maxPageBytes = 10_000_000;
  maxPartitionsPerJob = 4000;

  constructor(
    /** What the streaming window of a partitioned table is measured from, in microseconds. */
    public now: () => bigint,
  ) {}

  addDataset(project: string, dataset: string, location: string): void {
    this.#datasets.set(`${project}.${dataset}`, { location, access: OWNERS, version: 1, tables: new Map() });
  }

  dataset(project: string, dataset: string): Dataset {
    const found = this.#datasets.get(`${project}.${dataset}`);
    if (!found) throw notFound(`Not found: Dataset ${project}:${dataset}`);
    return found;
  }

  datasetMetadata(project: string, datasetId: string): object {
    const { location, access, version } = this.dataset(project, datasetId);
    return {
      kind: 'bigquery#dataset',
      etag: `"${version}"`,
      datasetReference: { projectId: project, datasetId },
      location,
      access,
    };
  }

  /** Replaces the access list, unless it changed since it was read. */
  patchDataset(project: string, datasetId: string, body: unknown, ifMatch: string | undefined): object {
    const dataset = this.dataset(project, datasetId);
    const { access } = checkFields(body, ['access', 'etag'], 'dataset');
    if (ifMatch !== undefined && ifMatch !== `"${dataset.version}"`) {
      throw new ApiError(412, 'conditionNotMet', 'Precondition Failed');
    }
    for (const entry of required<unknown[]>(access, 'access')) {
      const { role } = checkFields(entry, ['role', 'userByEmail'], 'dataset.access');
      if (!['READER', 'WRITER', 'OWNER'].includes(role)) throw invalid(`Invalid role: ${role}`);
    }
    dataset.access = access;
    dataset.version += 1;
    return this.datasetMetadata(project, datasetId);
  }

  idsOf(project: string, dataset: string): string[] {
    return [...this.dataset(project, dataset).tables.keys()];
  }

  get(project: string, dataset: string, id: string): StoredTable {
    const found = this.dataset(project, dataset).tables.get(id);
    if (!found) throw notFound(`Not found: Table ${project}:${dataset}.${id}`);
    return found;
  }

  has(project: string, dataset: string, id: string): StoredTable | undefined {
    return this.dataset(project, dataset).tables.get(id);
  }

  /** The table of a name in SQL; a query sees only datasets of the location it runs in. */
  byPath(path: string, location: string): StoredTable {
    const [project = '', dataset = '', id = ''] = path.split('.');
    if (this.dataset(project, dataset).location !== location) {
      throw notFound(`Not found: Dataset ${project}:${dataset} was not found in location ${location}`);
    }
    return this.get(project, dataset, id);
  }

  create(project: string, datasetId: string, body: unknown): StoredTable {
    const input = checkFields(
      body,
      [
        'tableReference',
        'schema',
        'timePartitioning',
        'requirePartitionFilter',
        'clustering',
        'description',
        'labels',
        'expirationTime',
      ],
      'table',
    );
    const {
      tableId,
      projectId,
      datasetId: inBody,
    } = checkFields(
      required(input.tableReference, 'tableReference'),
      ['projectId', 'datasetId', 'tableId'],
      'table.tableReference',
    );
    if (projectId !== project || inBody !== datasetId) throw invalid('tableReference is not the table of the path');
    if (!/^[\p{L}\p{M}\p{N}_ -]{1,1024}$/u.test(required(tableId, 'tableId') as string))
      throw invalid(`Invalid table ID "${tableId}".`);
    const { tables } = this.dataset(project, datasetId);
    if (tables.has(tableId))
      throw new ApiError(409, 'duplicate', `Already Exists: Table ${project}:${datasetId}.${tableId}`);
    const { expirationTime } = input;
    if (expirationTime !== undefined && BigInt(expirationTime) * 1000n <= this.now())
      throw invalid('expirationTime is not in the future');
    const fields = readSchema(input.schema);
    const partitioning = input.timePartitioning;
    if (partitioning) {
      checkFields(partitioning, ['type', 'field', 'requirePartitionFilter', 'expirationMs'], 'table.timePartitioning');
      const column = fields.find(({ name }) => name === partitioning.field);
      if (!['HOUR', 'DAY', 'MONTH', 'YEAR'].includes(partitioning.type))
        throw invalid('timePartitioning.type is not valid');
      if (column?.type !== 'TIMESTAMP')
        throw invalid(`The field specified for partitioning cannot be found in the schema: ${partitioning.field}`);
    }
    for (const name of input.clustering?.fields ?? []) {
      const column = fields.find((field) => field.name === name);
      if (!column || column.mode === 'REPEATED' || !CLUSTERING_TYPES.includes(column.type))
        throw invalid(`Clustering is not possible by ${name}`);
    }
    if ((input.clustering?.fields.length ?? 0) > LIMIT.clusteringFields.value)
      throw invalid('Clustering takes at most 4 fields');
    const table: StoredTable = {
      project,
      dataset: datasetId,
      id: tableId,
      fields,
      timePartitioning: partitioning,
      requirePartitionFilter: input.requirePartitionFilter === true,
      clustering: input.clustering,
      labels: checkLabels(input.labels ?? {}),
      description: input.description,
      rows: [],
      insertIds: new Set(),
      streamedAt: new Map(),
    };
    tables.set(tableId, table);
    return table;
  }

  delete(project: string, dataset: string, id: string): object {
    this.get(project, dataset, id);
    this.dataset(project, dataset).tables.delete(id);
    return {};
  }

  /** DML refuses to change rows in the streaming buffer, where streamed rows stay for about half an hour. */
  #requireSettled(table: StoredTable, changed: ReadonlySet<number>): void {
    const isBuffered = (row: SqlValue[]): boolean =>
      (table.streamedAt.get(row) ?? -STREAMING_BUFFER_MICROS) > this.now() - STREAMING_BUFFER_MICROS;
    if (table.rows.some((row, index) => changed.has(index) && isBuffered(row))) {
      throw invalidQuery(
        `UPDATE or DELETE statement over table ${table.project}.${table.dataset}.${table.id} would affect rows in the streaming buffer, which is not supported`,
      );
    }
  }

  updateRows(
    table: StoredTable,
    updates: readonly {
      readonly row: number;
      readonly columns: readonly number[];
      readonly cells: readonly SqlValue[];
    }[],
  ): void {
    this.#requireSettled(table, new Set(updates.map(({ row }) => row)));
    for (const { row, columns, cells } of updates) {
      columns.forEach((column, index) => (table.rows[row]![column] = cells[index]!));
    }
  }

  deleteRows(table: StoredTable, deleted: ReadonlySet<number>): void {
    this.#requireSettled(table, deleted);
    const kept = table.rows.filter((_, index) => !deleted.has(index));
    table.rows.splice(0, table.rows.length, ...kept);
  }

  /** All rows or none. A load has no window of time, but changes at most so many partitions. */
  load(table: StoredTable, rows: readonly Record<string, unknown>[]): void {
    const column = table.fields.findIndex(({ name }) => name === table.timePartitioning?.field);
    const cells = rows.map((row) => this.#cells(table, row, 'load'));
    const partitions = new Set(column < 0 ? [] : cells.map((row) => readMicros(row[column]!) / MICROS_PER_DAY));
    if (partitions.size > this.maxPartitionsPerJob)
      throw invalid(`Too many partitions produced by query, allowed ${this.maxPartitionsPerJob}`);
    table.rows.push(...cells);
  }

  /** Columns can be added, and nothing else. */
  patch(table: StoredTable, body: unknown): void {
    const { schema } = checkFields(body, ['schema', 'labels', 'description', 'tableReference', 'etag'], 'table');
    const fields = readSchema(schema);
    for (const old of table.fields) {
      const kept = fields.find(({ name }) => name === old.name);
      if (JSON.stringify(kept) !== JSON.stringify(old)) {
        throw invalid(`Provided Schema does not match Table ${table.id}. Field ${old.name} is missing or changed.`);
      }
    }
    for (const added of fields.filter(({ name }) => !table.fields.some((old) => old.name === name))) {
      if (added.mode === 'REQUIRED')
        throw invalid(`Cannot add required fields to an existing schema. (field: ${added.name})`);
      for (const row of table.rows) row.push({});
    }
    table.fields = [...table.fields, ...fields.filter(({ name }) => !table.fields.some((old) => old.name === name))];
  }

  metadata(table: StoredTable): object {
    return {
      kind: 'bigquery#table',
      tableReference: { projectId: table.project, datasetId: table.dataset, tableId: table.id },
      type: 'TABLE',
      location: this.dataset(table.project, table.dataset).location,
      schema: { fields: table.fields },
      timePartitioning: table.timePartitioning,
      requirePartitionFilter: table.requirePartitionFilter,
      clustering: table.clustering,
      labels: table.labels,
      description: table.description,
      numRows: String(table.rows.length),
    };
  }

  /** tabledata.list: rows by their number, without a query. */
  list({ rows, fields }: StoredTable, query: URLSearchParams): object {
    const page = paginateRows(rows, fields, query, { parameters: LIST_PARAMETERS, maxBytes: this.maxPageBytes });
    return { kind: 'bigquery#tableDataList', ...page };
  }

  insertAll(table: StoredTable, body: unknown, bytes: number): object {
    const input = checkFields(
      body,
      ['kind', 'skipInvalidRows', 'ignoreUnknownValues', 'templateSuffix', 'rows', 'traceId'],
      'insertAll',
    );
    const rows = required<unknown[]>(input.rows, 'rows');
    if (rows.length === 0) throw invalid('No rows present in the request.');
    if (rows.length > MAX_INSERT_ROWS) throw invalid(`too many rows present in the request, limit: ${MAX_INSERT_ROWS}`);
    if (bytes > MAX_INSERT_BYTES)
      throw new ApiError(413, 'uploadTooLarge', 'Request payload size exceeds the limit: 10485760 bytes.');
    const errors: { index: number; errors: object[] }[] = [];
    const valid: { insertId: string | undefined; cells: SqlValue[]; index: number }[] = [];
    rows.forEach((row, index) => {
      const { insertId, json } = checkFields(row, ['insertId', 'json'], 'insertAll.rows');
      if (insertId !== undefined && String(insertId).length > LIMIT.insertIdLength.value)
        throw invalid('insertId is over 128 characters');
      try {
        valid.push({ insertId, cells: this.#cells(table, required<Record<string, unknown>>(json, 'json')), index });
      } catch (error) {
        if (!(error instanceof ApiError)) throw error;
        errors.push({ index, errors: [{ reason: 'invalid', location: '', debugInfo: '', message: error.message }] });
      }
    });
    if (errors.length > 0 && input.skipInvalidRows !== true) {
      // One bad row stops all: unless skipInvalidRows was said, nothing is written.
      errors.push(...valid.map(({ index }) => ({ index, errors: [{ reason: 'stopped', location: '', message: '' }] })));
    } else {
      for (const { insertId, cells } of valid) {
        if (insertId !== undefined && this.deduplicates && table.insertIds.has(insertId)) continue;
        if (insertId !== undefined) table.insertIds.add(insertId);
        table.rows.push(cells);
        table.streamedAt.set(cells, this.now());
      }
    }
    return { kind: 'bigquery#tableDataInsertAllResponse', ...(errors.length > 0 ? { insertErrors: errors } : {}) };
  }

  #cells(table: StoredTable, json: Record<string, unknown>, way: 'stream' | 'load' = 'stream'): SqlValue[] {
    for (const name of Object.keys(json)) {
      if (!table.fields.some((field) => field.name === name)) throw invalid(`no such field: ${name}.`);
    }
    return table.fields.map((field) => {
      const value = json[field.name];
      if (field.mode === 'REPEATED') {
        if (value === null) throw invalid(`Only optional fields can be set to NULL. Field: ${field.name}; Value: NULL`);
        if (value !== undefined && !Array.isArray(value))
          throw invalid(`Array specified for non-repeated field: ${field.name}.`);
        const kind = typeOfField(field).array_type!.element_type.type_kind;
        const items: unknown[] = value ?? [];
        return { array_value: { element: items.map((item) => parseScalar(kind, item)) } };
      }
      if (value === undefined || value === null) {
        if (field.mode === 'REQUIRED') throw invalid(`Missing required field: Msg_0_CLOUD_QUERY_TABLE.${field.name}.`);
        return {};
      }
      const kind = typeOfField(field).type_kind;
      // A load takes JSON as it stands, a stream takes its text.
      const cell = kind === 'TYPE_JSON' && way === 'load' ? jsonValue(value) : parseScalar(kind, value);
      if (way === 'stream' && field.name === table.timePartitioning?.field)
        this.#checkStreamingWindow(table, field.name, readMicros(cell));
      return cell;
    });
  }

  #checkStreamingWindow(table: StoredTable, field: string, micros: bigint): void {
    const days = (this.now() - micros) / MICROS_PER_DAY;
    if (days > 3650n || days < -366n) {
      throw invalid(
        `Value ${micros} for field ${field} of the destination table ${table.project}:${table.dataset}.${table.id} is outside the allowed bounds. ` +
          'You can only stream to date range within 3650 days in the past and 366 days in the future relative to the current date.',
      );
    }
  }
}

const LABEL = /^[\p{Ll}\p{Lo}\p{N}_-]{0,63}$/u;

export function checkLabels(labels: Record<string, unknown>): Readonly<Record<string, string>> {
  if (Object.keys(labels).length > LIMIT.labels.value) throw invalid('Too many labels.');
  for (const [key, value] of Object.entries(labels)) {
    if (!/^[\p{Ll}\p{Lo}]/u.test(key) || !LABEL.test(key) || !LABEL.test(String(value))) {
      throw invalid(`Label "${key}": "${String(value)}" is not valid.`);
    }
  }
  return labels as Record<string, string>;
}

function jsonValue(value: unknown): SqlValue {
  return { json_value: JSON.stringify(value) };
}

export function readSchema(schema: unknown): Field[] {
  const { fields } = checkFields(required(schema, 'schema'), ['fields'], 'table.schema');
  const read = (fields as unknown[]).map((field) => readField(field, 'table.schema.fields'));
  const names = read.map(({ name }) => name.toLowerCase());
  const twice = names.find((name, index) => names.indexOf(name) < index);
  if (twice !== undefined) throw invalid(`Duplicate field names are not allowed: ${twice}`);
  return read;
}

/** As the evaluator takes it. */
export function sqlTable(path: string, table: StoredTable): SqlTable {
  return {
    name: path,
    columns: table.fields.map((field) => ({ name: field.name, type: typeOfField(field) })),
    rows: table.rows,
  };
}

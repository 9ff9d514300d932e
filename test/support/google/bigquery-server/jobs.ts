import type { GoogleSql, SqlParameter, SqlTable, SqlValue } from '../googlesql/evaluator.js';
import { SqlError } from '../googlesql/evaluator.js';
import { LIMITS } from '../limits.js';
import { rewriteApproximateQuantiles } from './approximate-quantiles.js';
import { ApiError, checkFields, invalid, invalidQuery, notFound, required } from './api-error.js';
import { rewriteEntityFeaturesAtTime } from './entity-features.js';
import { readParameters } from './parameters.js';
import { QueryQueue } from './query-queue.js';
import { paginateRows } from './row-pages.js';
import { scannedBytes, type ScannedBytes } from './scanned-bytes.js';
import { fieldOfType, type Field } from './schema.js';
import { numberRows, ROW_NUMBER, toFields, toStatement, type Statement } from './statements.js';
import { checkLabels, sqlTable, type StoredTable, type Tables } from './tables.js';

export interface Job {
  readonly id: string;
  readonly location: string;
  readonly configuration: any;
  readonly startedAt: number;
  state: 'PENDING' | 'RUNNING' | 'DONE';
  error: ApiError | undefined;
  fields: readonly Field[];
  rows: readonly (readonly SqlValue[])[];
  /** The bytes that the query read, and those that are billed for it. */
  bytes: number;
  billedBytes: number;
  pagesRead: number;
  /** Resolves when the job is done. */
  readonly done: Promise<void>;
}

const QUERY_FIELDS = [
  'query',
  'useLegacySql',
  'parameterMode',
  'queryParameters',
  'maximumBytesBilled',
  'useQueryCache',
  'priority',
  // The client sends its own option along; the API reads past it.
  'types',
  'defaultDataset',
];
/** A query is billed for this many bytes of each table at least. */
const MIN_BYTES_BILLED = 10_485_760;
const MAX_PAGE_BYTES = 20_000_000;

/** Query jobs: started once per id, run by GoogleSQL, read page by page. */
export class Jobs {
  readonly all = new Map<string, Job>();
  readonly queue = new QueryQueue();
  /** While set, jobs do not finish by themselves: for cancelling and timeouts. */
  isHeld = false;
  /** Whether a job is ended when its time is over. BigQuery tries to, and does not promise it. */
  keepsTime = true;

  constructor(
    private readonly tables: Tables,
    private readonly sql: GoogleSql,
  ) {}

  async insert(project: string, body: unknown): Promise<object> {
    const { jobReference, configuration } = checkFields(body, ['jobReference', 'configuration', 'kind'], 'job');
    const { jobId, location, projectId } = checkFields(
      required(jobReference, 'jobReference'),
      ['projectId', 'jobId', 'location'],
      'job.jobReference',
    );
    if (projectId !== project) throw invalid('jobReference.projectId is not the project of the path');
    if (!/^[A-Za-z0-9_-]{1,1024}$/.test(required(jobId, 'jobReference.jobId') as string))
      throw invalid('Invalid job ID');
    const checked = checkFields(
      configuration,
      ['query', 'dryRun', 'labels', 'jobTimeoutMs', 'jobType'],
      'job.configuration',
    );
    const query = checkFields(required(checked.query, 'configuration.query'), QUERY_FIELDS, 'job.configuration.query');
    required(query.query, 'configuration.query.query');
    if (query.useLegacySql !== false)
      throw invalidQuery('useLegacySql is true when it is not said: this is not legacy SQL');
    if (Buffer.byteLength(query.query) > LIMITS.bigquery.queryBytes.value)
      throw invalidQuery('The query is too large.');
    checkLabels(checked.labels ?? {});
    if (this.all.has(jobId))
      throw new ApiError(409, 'duplicate', `Already Exists: Job ${project}:${location}.${jobId}`);
    const plan = await this.#plan(query, location ?? 'US');
    if (checked.dryRun) {
      return {
        kind: 'bigquery#job',
        jobReference: { projectId: project, location },
        configuration,
        status: { state: 'DONE' },
        statistics: {
          totalBytesProcessed: String(sum(plan.scans, ({ atMost }) => atMost)),
          query: {
            totalBytesProcessed: String(sum(plan.scans, ({ atMost }) => atMost)),
            schema: { fields: plan.fields },
          },
        },
      };
    }
    this.queue.checkRoom();
    const limit = query.maximumBytesBilled;
    // A query is refused by what is known before it runs.
    const billed = sum(plan.scans, ({ atMost }) => Math.max(atMost, MIN_BYTES_BILLED));
    const job = this.#start(jobId, location ?? 'US', configuration, plan);
    if (limit !== undefined && billed > Number(limit)) {
      job.bytes = 0;
      job.billedBytes = 0;
      finish(
        job,
        new ApiError(
          400,
          'bytesBilledLimitExceeded',
          `Query exceeded limit for bytes billed: ${limit}. ${billed} or higher required.`,
        ),
      );
    }
    return this.metadata(project, job);
  }

  get(id: string, location: string | undefined): Job {
    const job = this.all.get(id);
    // Outside the US and EU a job is found only by a request that names its location.
    if (job?.location !== (location ?? 'US')) throw notFound(`Not found: Job ${id}`);
    return job;
  }

  metadata(project: string, job: Job): object {
    return {
      kind: 'bigquery#job',
      jobReference: { projectId: project, jobId: job.id, location: job.location },
      configuration: job.configuration,
      status: { state: job.state, ...(job.error ? { errorResult: job.error.proto, errors: [job.error.proto] } : {}) },
      statistics: {
        totalBytesProcessed: String(job.bytes),
        query: { totalBytesProcessed: String(job.bytes), totalBytesBilled: String(job.billedBytes) },
      },
    };
  }

  cancel(job: Job): void {
    if (job.state !== 'DONE')
      finish(job, new ApiError(499, 'stopped', 'Job execution was cancelled: User requested cancellation'));
  }

  async results(project: string, job: Job, query: URLSearchParams): Promise<object> {
    const waitMs = Math.min(Number(query.get('timeoutMs') ?? 200), 200);
    await Promise.race([job.done, new Promise((resolve) => setTimeout(resolve, waitMs))]);
    const timeoutMs = Number(job.configuration.jobTimeoutMs ?? Infinity);
    if (this.keepsTime && job.state !== 'DONE' && Date.now() - job.startedAt > timeoutMs) {
      finish(
        job,
        new ApiError(400, 'stopped', `Job execution was cancelled: Job timed out after ${timeoutMs / 1000}s`),
      );
    }
    const jobReference = { projectId: project, jobId: job.id, location: job.location };
    if (job.error) throw job.error;
    if (job.state !== 'DONE') return { kind: 'bigquery#getQueryResultsResponse', jobReference, jobComplete: false };
    const page = paginateRows(job.rows, job.fields, query, { parameters: RESULT_PARAMETERS, maxBytes: MAX_PAGE_BYTES });
    job.pagesRead += 1;
    return {
      kind: 'bigquery#getQueryResultsResponse',
      jobReference,
      jobComplete: true,
      schema: { fields: job.fields },
      ...page,
    };
  }

  #start(id: string, location: string, configuration: object, plan: Plan): Job {
    let resolve!: () => void;
    const done = new Promise<void>((settle) => (resolve = settle));
    const job: Job & { resolve: () => void } = {
      id,
      location,
      configuration,
      startedAt: Date.now(),
      state: 'PENDING',
      error: undefined,
      fields: plan.fields,
      rows: [],
      bytes: sum(plan.scans, ({ actual }) => actual),
      billedBytes: sum(plan.scans, ({ actual }) => Math.max(actual, MIN_BYTES_BILLED)),
      pagesRead: 0,
      done,
      resolve,
    };
    this.all.set(id, job);
    if (this.isHeld) job.state = 'RUNNING';
    else this.queue.run(() => this.#run(job, plan));
    return job;
  }

  async #run(job: Job, plan: Plan): Promise<void> {
    // It was cancelled or its time was over while it waited.
    if (job.state === 'DONE') return;
    job.state = 'RUNNING';
    try {
      const { rows, apply } = await this.#evaluate(plan);
      if (apply) apply();
      else if (plan.deletes) this.tables.deleteRows(plan.deletes, new Set(rows.map(([row]) => rowNumber(row!))));
      else job.rows = rows;
      finish(job, undefined);
    } catch (error) {
      finish(job, asApiError(error) as ApiError);
    }
  }

  async #evaluate({ statement, sql, tables, parameters }: Plan): Promise<{
    rows: readonly (readonly SqlValue[])[];
    apply?: () => void;
  }> {
    if (!statement) return this.sql.evaluate(sql, tables, parameters);
    const results: (readonly (readonly SqlValue[])[])[] = [];
    const fields: Field[][] = [];
    for (const query of statement.queries) {
      const { columns, rows } = await this.sql.evaluate(query, tables, parameters);
      results.push(rows);
      fields.push(toFields(columns));
    }
    return { rows: [], apply: () => statement.apply(results, fields) };
  }

  async #planStatement(statement: Statement, sql: string, tables: readonly SqlTable[]): Promise<Plan> {
    const numbered =
      statement.numbered && `${statement.numbered.project}.${statement.numbered.dataset}.${statement.numbered.id}`;
    const prepared = tables.map((table) => (table.name === numbered ? numberRows(table) : table));
    try {
      for (const query of statement.queries) await this.sql.check(query, prepared, []);
    } catch (error) {
      throw asApiError(error);
    }
    return { statement, sql, tables: prepared, parameters: [], scans: [], fields: [] };
  }

  async #planDelete(
    table: StoredTable,
    [, path, condition]: RegExpExecArray,
    parameters: readonly SqlParameter[],
  ): Promise<Plan> {
    const numbered = numberRows(sqlTable(path!, table));
    const sql = `SELECT h.${ROW_NUMBER} FROM \`${path}\` AS h\nWHERE ${condition}`;
    try {
      const { reads } = await this.sql.analyze(sql, [numbered], parameters);
      const read = [...reads].flatMap(([, indexes]) => indexes).filter((index) => index < table.fields.length);
      const scans = [scannedBytes({ sql, path: path!, table, columns: read, parameters })];
      return { sql, tables: [numbered], parameters, scans, fields: [], deletes: table };
    } catch (error) {
      throw asApiError(error);
    }
  }

  async #plan(query: Record<string, any>, location: string): Promise<Plan> {
    const parameters = readParameters(query.parameterMode, query.queryParameters);
    const quoted = [...(query.query as string).matchAll(/`([^`]*)`/g)].map(([, name]) => name!);
    const paths = [...new Set(quoted.filter((name) => name.split('.').length === 3))];
    const statement = toStatement(query.query as string, this.tables, location);
    if (statement) {
      const read = paths.filter((path) => statement.queries.some((text) => text.includes(`\`${path}\``)));
      const tables = read.map((path) => sqlTable(path, this.tables.byPath(path, location)));
      return this.#planStatement(statement, query.query as string, tables);
    }
    const stored = new Map(paths.map((path) => [path, this.tables.byPath(path, location)]));
    const tables = [...stored].map(([path, table]) => sqlTable(path, table));
    const deletion = DELETE.exec(query.query);
    if (deletion) return this.#planDelete(stored.get(deletion[1]!)!, deletion, parameters);
    try {
      const known = await rewriteEntityFeaturesAtTime(query.query, async (part) => {
        const { columns } = await this.sql.analyze(part, tables, parameters);
        return columns.map(({ name }) => name);
      });
      const sql = rewriteApproximateQuantiles(known);
      if (sql !== known) await this.sql.check(known, tables, parameters);
      const { columns, reads } = await this.sql.analyze(sql, tables, parameters);
      const scans = [...reads].map(([path, columns]) =>
        scannedBytes({ sql: query.query as string, path, table: stored.get(path)!, columns, parameters }),
      );
      return { sql, tables, parameters, scans, fields: columns.map(({ name, type }) => fieldOfType(name, type)) };
    } catch (error) {
      throw asApiError(error);
    }
  }
}

/** A form of DML that the server runs: the condition is GoogleSQL and reads no other table. */
const DELETE = /^DELETE FROM `([^`]+)` AS h\nWHERE ([^]+)$/;

const sum = <Item>(items: readonly Item[], bytes: (item: Item) => number): number =>
  items.reduce((total, item) => total + bytes(item), 0);

function rowNumber({ int64_value }: SqlValue): number {
  return Number(int64_value);
}

interface Plan {
  /** The table from which the rows of the result are deleted. */
  readonly deletes?: StoredTable;
  readonly statement?: Statement;
  readonly sql: string;
  readonly tables: readonly SqlTable[];
  readonly parameters: readonly SqlParameter[];
  /** One for each table. */
  readonly scans: readonly ScannedBytes[];
  readonly fields: readonly Field[];
}

const RESULT_PARAMETERS = [
  'location',
  'maxResults',
  'pageToken',
  'startIndex',
  'timeoutMs',
  'prettyPrint',
  'formatOptions.useInt64Timestamp',
];

function finish(job: Job, error: ApiError | undefined): void {
  if (job.state === 'DONE') return;
  job.error = error;
  job.state = 'DONE';
  (job as Job & { resolve: () => void }).resolve();
}

function asApiError(error: unknown): unknown {
  return error instanceof SqlError ? invalidQuery(error.message) : error;
}

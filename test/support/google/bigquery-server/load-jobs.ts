import { ApiError, checkFields, invalid, notFound, required } from './api-error.js';
import { readParquet } from './parquet-file.js';
import { readSchema, type StoredTable, type Tables } from './tables.js';

export interface LoadJob {
  readonly id: string;
  readonly location: string;
  readonly configuration: any;
  readonly error: ApiError | undefined;
  readonly rows: number;
}

const LOAD_FIELDS = [
  'destinationTable',
  'sourceFormat',
  'writeDisposition',
  'createDisposition',
  'schema',
  'decimalTargetTypes',
  'parquetOptions',
  'destinationTableProperties',
];
const WRITE = ['WRITE_EMPTY', 'WRITE_APPEND', 'WRITE_TRUNCATE', 'WRITE_TRUNCATE_DATA'];
const CREATE = ['CREATE_IF_NEEDED', 'CREATE_NEVER'];

/** Load jobs whose rows come with the request: all rows or none, once a job id. */
export class LoadJobs {
  readonly all = new Map<string, LoadJob>();
  /** The next jobs that begin fail with this, in the result of the job. */
  readonly failures: ApiError[] = [];

  constructor(private readonly tables: Tables) {}

  /** The body of an upload: `multipart/related`, the job first, then its rows. */
  async insert(project: string, contentType: string | undefined, body: Buffer): Promise<object> {
    const { metadata, data } = parseMultipart(contentType, body);
    const { jobReference, configuration } = checkFields(
      JSON.parse(metadata.toString()),
      ['jobReference', 'configuration'],
      'job',
    );
    const { jobId, location, projectId } = checkFields(
      required(jobReference, 'jobReference'),
      ['projectId', 'jobId', 'location'],
      'job.jobReference',
    );
    if (projectId !== project) throw invalid('jobReference.projectId is not the project of the path');
    if (!/^[A-Za-z0-9_-]{1,1024}$/.test(required(jobId, 'jobReference.jobId'))) throw invalid('Invalid job ID');
    const { load: given } = checkFields(configuration, ['load', 'labels'], 'job.configuration');
    const load = checkFields(required(given, 'configuration.load'), LOAD_FIELDS, 'job.configuration.load');
    const target = checkFields(
      load.destinationTable,
      ['projectId', 'datasetId', 'tableId'],
      'job.configuration.load.destinationTable',
    ) as Target;
    checkLoad(load);
    if (this.all.has(jobId))
      throw new ApiError(409, 'duplicate', `Already Exists: Job ${project}:${location}.${jobId}`);
    const place = location ?? 'US';
    if (this.tables.dataset(target.projectId, target.datasetId).location !== place)
      throw notFound(`Not found: Dataset ${target.projectId}:${target.datasetId} was not found in location ${place}`);
    const outcome = await this.#run(load, target, data);
    const job = { id: jobId as string, location: place, configuration, ...outcome };
    this.all.set(job.id, job);
    return toMetadata(project, job);
  }

  metadata(project: string, id: string, location: string | undefined): object | undefined {
    const job = this.all.get(id);
    if (job && job.location !== (location ?? 'US')) throw notFound(`Not found: Job ${id}`);
    return job && toMetadata(project, job);
  }

  /** What is wrong with the table or the rows is in the result of the job, and not in the answer to its start. */
  async #run(load: Record<string, any>, target: Target, data: Buffer): Promise<Pick<LoadJob, 'rows' | 'error'>> {
    try {
      const failure = this.failures.shift();
      if (failure) throw failure;
      return { rows: await this.#load(load, target, data), error: undefined };
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      return { rows: 0, error };
    }
  }

  async #load(load: Record<string, any>, target: Target, data: Buffer): Promise<number> {
    const { projectId, datasetId, tableId } = target;
    const there = this.tables.has(projectId, datasetId, tableId);
    if (there && load.writeDisposition === 'WRITE_EMPTY' && there.rows.length > 0)
      throw new ApiError(409, 'duplicate', `Already Exists: Table ${projectId}:${datasetId}.${tableId}`);
    if (!there && load.createDisposition === 'CREATE_NEVER')
      throw notFound(`Not found: Table ${projectId}:${datasetId}.${tableId}`);
    const properties = load.destinationTableProperties ?? {};
    if (there) refuseOtherProperties(there, properties);
    if (load.sourceFormat === 'PARQUET') {
      const { fields, rows } = await readParquet(data, load);
      // The rows are there before the table is: creation and append are one step.
      const table = there ?? this.#create(target, fields, properties);
      if (there && JSON.stringify(there.fields) !== JSON.stringify(fields))
        throw invalid('Provided Schema does not match Table.');
      table.rows.push(...rows);
      return rows.length;
    }
    const lines = data
      .toString()
      .split('\n')
      .filter((line) => line !== '');
    const rows = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
    const table = there ?? this.#create(target, readSchema(load.schema), properties);
    this.tables.load(table, rows);
    return rows.length;
  }

  #create(target: Target, fields: readonly object[], properties: Record<string, any>): StoredTable {
    return this.tables.create(target.projectId, target.datasetId, {
      tableReference: target,
      schema: { fields },
      ...properties,
    });
  }
}

interface Target {
  readonly projectId: string;
  readonly datasetId: string;
  readonly tableId: string;
}

/** What jobs.insert refuses before there is a job. */
function checkLoad(load: Record<string, any>): void {
  const { sourceFormat, writeDisposition, createDisposition } = load;
  if (sourceFormat !== 'NEWLINE_DELIMITED_JSON' && sourceFormat !== 'PARQUET')
    throw invalid(`the test server loads no ${sourceFormat}`);
  if (!WRITE.includes(writeDisposition)) throw invalid(`Invalid value for writeDisposition: ${writeDisposition}`);
  if (!CREATE.includes(createDisposition)) throw invalid(`Invalid value for createDisposition: ${createDisposition}`);
  if (writeDisposition.startsWith('WRITE_TRUNCATE')) throw invalid('the test server overwrites no table');
  const isJson = sourceFormat === 'NEWLINE_DELIMITED_JSON';
  if (isJson && createDisposition === 'CREATE_IF_NEEDED' && load.schema === undefined)
    throw invalid('No schema specified on job or table.');
  if (isJson && (load.parquetOptions ?? load.decimalTargetTypes))
    throw invalid('parquetOptions and decimalTargetTypes are not for JSON.');
  checkFields(load.parquetOptions ?? {}, ['enableListInference', 'enumAsString', 'mapTargetType'], 'parquetOptions');
  const types: unknown[] = load.decimalTargetTypes ?? [];
  if (
    new Set(types).size < types.length ||
    types.some((type) => !['NUMERIC', 'BIGNUMERIC', 'STRING'].includes(String(type)))
  )
    throw invalid('Invalid value for decimalTargetTypes');
  // The API has expirationTime as well, for internal use only.
  checkFields(
    load.destinationTableProperties ?? {},
    ['friendlyName', 'description', 'labels'],
    'job.configuration.load.destinationTableProperties',
  );
}

/** For a table that is there, a load job must not name other properties. */
function refuseOtherProperties(table: StoredTable, { labels, description }: Record<string, any>): void {
  if (labels !== undefined && JSON.stringify(labels) !== JSON.stringify(table.labels))
    throw invalid('The labels of the destination table differ from those of the job.');
  if (description !== undefined && description !== table.description)
    throw invalid('The description of the destination table differs from that of the job.');
}

function toMetadata(project: string, { id, location, configuration, error, rows }: LoadJob): object {
  return {
    kind: 'bigquery#job',
    jobReference: { projectId: project, jobId: id, location },
    configuration,
    status: { state: 'DONE', ...(error ? { errorResult: error.proto, errors: [error.proto] } : {}) },
    statistics: { load: { outputRows: String(rows) } },
  };
}

/** Parts may be binary. */
function parseMultipart(contentType: string | undefined, body: Buffer): { metadata: Buffer; data: Buffer } {
  const boundary = /^multipart\/related; boundary=(\S+)$/.exec(contentType ?? '')?.[1];
  if (boundary === undefined) throw invalid('an upload is multipart/related');
  const ends = Buffer.from(`--${boundary}`);
  const marks: number[] = [];
  for (let at = body.indexOf(ends); at >= 0; at = body.indexOf(ends, at + ends.length)) marks.push(at);
  const [metadata, data, ...others] = marks.slice(0, -1).map((from, index) => {
    const part = body.subarray(from + ends.length, marks[index + 1]);
    const content = part.subarray(part.indexOf('\r\n\r\n') + 4);
    return content.subarray(content.length - 2).toString() === '\r\n' ? content.subarray(0, -2) : content;
  });
  if (metadata === undefined || data === undefined || others.length > 0)
    throw invalid('an upload is a job and its rows');
  return { metadata, data };
}

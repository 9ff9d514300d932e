import { ApiError, checkFields, invalid, notFound, required } from './api-error.js';
import type { StoredTable, Tables } from './tables.js';

export interface LoadJob {
  readonly id: string;
  readonly location: string;
  readonly configuration: any;
  readonly error: ApiError | undefined;
  readonly rows: number;
}

/** Load jobs whose rows come with the request: all rows or none, once a job id. */
export class LoadJobs {
  readonly all = new Map<string, LoadJob>();

  constructor(private readonly tables: Tables) {}

  /** The body of an upload: `multipart/related`, the job first, then its rows. */
  insert(project: string, contentType: string | undefined, body: Buffer): object {
    const { metadata, data } = parseMultipart(contentType, body.toString());
    const { jobReference, configuration } = checkFields(JSON.parse(metadata), ['jobReference', 'configuration'], 'job');
    const { jobId, location, projectId } = checkFields(
      required(jobReference, 'jobReference'),
      ['projectId', 'jobId', 'location'],
      'job.jobReference',
    );
    if (projectId !== project) throw invalid('jobReference.projectId is not the project of the path');
    const { load } = checkFields(configuration, ['load', 'labels'], 'job.configuration');
    const { destinationTable, sourceFormat, writeDisposition, createDisposition } = checkFields(
      required(load, 'configuration.load'),
      ['destinationTable', 'sourceFormat', 'writeDisposition', 'createDisposition'],
      'job.configuration.load',
    );
    if (sourceFormat !== 'NEWLINE_DELIMITED_JSON') throw invalid(`the test server loads no ${sourceFormat}`);
    if (writeDisposition !== 'WRITE_APPEND' || createDisposition !== 'CREATE_NEVER') {
      throw invalid('the test server only appends to a table that is there');
    }
    const {
      projectId: ofTable,
      datasetId,
      tableId,
    } = checkFields(destinationTable, ['projectId', 'datasetId', 'tableId'], 'job.configuration.load.destinationTable');
    if (this.all.has(required(jobId, 'jobReference.jobId')))
      throw new ApiError(409, 'duplicate', `Already Exists: Job ${project}:${location}.${jobId}`);
    const table = this.tables.byPath(`${ofTable}.${datasetId}.${tableId}`, location ?? 'US');
    const job = { id: jobId, location: location ?? 'US', configuration, ...this.#load(table, data) };
    this.all.set(jobId, job);
    return toMetadata(project, job);
  }

  metadata(project: string, id: string, location: string | undefined): object | undefined {
    const job = this.all.get(id);
    if (job && job.location !== (location ?? 'US')) throw notFound(`Not found: Job ${id}`);
    return job && toMetadata(project, job);
  }

  #load(table: StoredTable, text: string): Pick<LoadJob, 'rows' | 'error'> {
    const lines = text.split('\n').filter((line) => line !== '');
    try {
      this.tables.load(
        table,
        lines.map((line) => JSON.parse(line) as Record<string, unknown>),
      );
      return { rows: lines.length, error: undefined };
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      return { rows: 0, error };
    }
  }
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

function parseMultipart(contentType: string | undefined, body: string): { metadata: string; data: string } {
  const boundary = /^multipart\/related; boundary=(\S+)$/.exec(contentType ?? '')?.[1];
  if (boundary === undefined) throw invalid('an upload is multipart/related');
  const parts = body.split(`--${boundary}`).slice(1, -1);
  const [metadata, data, ...others] = parts.map((part) =>
    part.slice(part.indexOf('\r\n\r\n') + 4).replace(/\r\n$/, ''),
  );
  if (metadata === undefined || data === undefined || others.length > 0)
    throw invalid('an upload is a job and its rows');
  return { metadata, data };
}

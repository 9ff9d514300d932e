import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { GoogleSql } from '../googlesql/evaluator.js';
import { ApiError, checkFields, invalid, notFound } from './api-error.js';
import { cutOff, toApiError, Faults } from './faults.js';
import { Jobs } from './jobs.js';
import { BigQueryQuotas } from './quotas.js';
import { LoadJobs } from './load-jobs.js';
import { Tables } from './tables.js';

/**
 * BigQuery's REST API in front of the real GoogleSQL, as far as the offline store uses it: tables, insertAll, query jobs
 * with dry runs, paging and cancelling. It is strict: an unknown or missing field, a wrong type, a wrong location are
 * refused as the API would, so that the real client and what we make it send are what is tested.
 */
export class BigQueryServer {
  readonly faults = new Faults();
  /** Off unless a test sets the length of a second. */
  readonly quotas = new BigQueryQuotas();
  /** Every request so far, as `POST /projects/p/jobs`. */
  readonly requests: string[] = [];

  private constructor(
    readonly tables: Tables,
    readonly jobs: Jobs,
    readonly loads: LoadJobs,
    private readonly sql: GoogleSql,
    private readonly http: Server,
  ) {}

  static async start(now: () => bigint = () => BigInt(Date.now()) * 1000n): Promise<BigQueryServer> {
    const sql = await GoogleSql.start();
    const tables = new Tables(now);
    const http = createServer();
    const server = new BigQueryServer(tables, new Jobs(tables, sql), new LoadJobs(tables), sql, http);
    http.on('request', (request: IncomingMessage, response: ServerResponse) => void server.#answer(request, response));
    http.listen(0, '127.0.0.1');
    await once(http, 'listening');
    return server;
  }

  /** For the client's `apiEndpoint`. */
  get endpoint(): string {
    return `http://127.0.0.1:${(this.http.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.http.close();
    this.http.closeAllConnections();
    await this.sql.stop();
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://localhost');
    const path = url.pathname.replace('/bigquery/v2', '');
    const name = `${request.method} ${path}`;
    this.requests.push(name);
    const fault = this.faults.next(name);
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    if (fault === 'cutBefore') {
      response.destroy();
      return;
    }
    if (fault === 'slow') await wait(300);
    const sent = {
      contentType: request.headers['content-type'],
      ifMatch: request.headers['if-match'],
      bytes: Buffer.concat(chunks),
    };
    const { status, body } = await this.#handle(name, url, sent, fault && toApiError(fault));
    const text = JSON.stringify(body);
    if (fault === 'cutAfter') cutOff(response, text);
    else response.writeHead(status, { 'content-type': 'application/json; charset=UTF-8' }).end(text);
  }

  async #handle(
    name: string,
    url: URL,
    sent: Sent,
    fault: ApiError | undefined,
  ): Promise<{ status: number; body: object }> {
    try {
      if (fault) throw fault;
      this.quotas.check(name);
      const [, project] = /^POST \/upload\/projects\/([^/]+)\/jobs$/.exec(name) ?? [];
      if (project !== undefined) return { status: 200, body: await this.#upload(project, url, sent) };
      const { bytes } = sent;
      const body: unknown = bytes.length === 0 ? undefined : JSON.parse(bytes.toString());
      return { status: 200, body: await this.#route(name, url, body, sent) };
    } catch (error) {
      if (error instanceof ApiError) return { status: error.status, body: error.body };
      const cause = error instanceof Error ? error.message : String(error);
      return { status: 500, body: new ApiError(500, 'internalError', `the test server failed: ${cause}`).body };
    }
  }

  async #route(name: string, url: URL, body: unknown, sent: Sent): Promise<object> {
    const location = url.searchParams.get('location') ?? undefined;
    for (const [pattern, handle] of this.#routes(url, body, sent, location)) {
      const match = pattern.exec(name);
      if (match) return handle(...(match.slice(1).map(decodeURIComponent) as [string, string, string]));
    }
    throw notFound(`no such method: ${name}`);
  }

  async #upload(project: string, url: URL, { contentType, bytes }: Sent): Promise<object> {
    if (url.searchParams.get('uploadType') !== 'multipart') throw invalid('the test server takes multipart uploads');
    return this.loads.insert(project, contentType, bytes);
  }

  #routes(url: URL, body: unknown, { bytes, ifMatch }: Sent, location: string | undefined): Route[] {
    const { tables, jobs } = this;
    return [
      [/^GET \/projects\/([^/]+)\/datasets\/([^/]+)$/, (project, dataset) => tables.datasetMetadata(project, dataset)],
      [
        /^PATCH \/projects\/([^/]+)\/datasets\/([^/]+)$/,
        (project, dataset) => tables.patchDataset(project, dataset, body, ifMatch),
      ],
      [
        /^POST \/projects\/([^/]+)\/datasets\/([^/]+)\/tables$/,
        (project, dataset) => tables.metadata(tables.create(project, dataset, body)),
      ],
      [
        /^GET \/projects\/([^/]+)\/datasets\/([^/]+)\/tables\/([^/]+)$/,
        (project, dataset, table) => tables.metadata(tables.get(project, dataset, table)),
      ],
      [
        /^PATCH \/projects\/([^/]+)\/datasets\/([^/]+)\/tables\/([^/]+)$/,
        (project, dataset, id) => {
          const table = tables.get(project, dataset, id);
          tables.patch(table, body);
          return tables.metadata(table);
        },
      ],
      [
        /^DELETE \/projects\/([^/]+)\/datasets\/([^/]+)\/tables\/([^/]+)$/,
        (project, dataset, table) => tables.delete(project, dataset, table),
      ],
      [
        /^GET \/projects\/([^/]+)\/datasets\/([^/]+)\/tables\/([^/]+)\/data$/,
        (project, dataset, table) => tables.list(tables.get(project, dataset, table), url.searchParams),
      ],
      [
        /^POST \/projects\/([^/]+)\/datasets\/([^/]+)\/tables\/([^/]+)\/insertAll$/,
        (project, dataset, table) => tables.insertAll(tables.get(project, dataset, table), body, bytes.length),
      ],
      [/^POST \/projects\/([^/]+)\/jobs$/, (project) => jobs.insert(project, body)],
      [
        /^GET \/projects\/([^/]+)\/jobs\/([^/]+)$/,
        (project, job) =>
          this.loads.metadata(project, job, location) ?? jobs.metadata(project, jobs.get(job, location)),
      ],
      [
        /^POST \/projects\/([^/]+)\/jobs\/([^/]+)\/cancel$/,
        (project, id) => {
          const job = jobs.get(id, location);
          jobs.cancel(job);
          return { kind: 'bigquery#jobCancelResponse', job: jobs.metadata(project, job) };
        },
      ],
      [
        /^GET \/projects\/([^/]+)\/queries\/([^/]+)$/,
        (project, job) => jobs.results(project, jobs.get(job, location), url.searchParams),
      ],
      [/^POST \/projects\/([^/]+)\/queries$/, (project) => this.#query(project, body)],
    ];
  }

  /** jobs.query: a job and the first page of its results in one answer. */
  async #query(project: string, body: unknown): Promise<object> {
    const input = checkFields(body, JOBS_QUERY_FIELDS, 'queryRequest');
    const { query, useLegacySql, parameterMode, queryParameters, maximumBytesBilled, labels, location, requestId } =
      input;
    if (typeof requestId !== 'string') throw invalid('requestId is missing');
    const configuration = {
      query: { query, useLegacySql, parameterMode, queryParameters, maximumBytesBilled },
      ...(labels ? { labels } : {}),
    };
    await this.jobs.insert(project, {
      jobReference: { projectId: project, jobId: requestId, location: location ?? 'US' },
      configuration: JSON.parse(JSON.stringify(configuration)),
    });
    const parameters = new URLSearchParams();
    if (input.formatOptions?.useInt64Timestamp) parameters.set('formatOptions.useInt64Timestamp', 'true');
    if (input.maxResults) parameters.set('maxResults', String(input.maxResults));
    return this.jobs.results(project, this.jobs.get(requestId, location), parameters);
  }
}

interface Sent {
  readonly contentType: string | undefined;
  readonly ifMatch: string | undefined;
  readonly bytes: Buffer;
}

type Route = readonly [RegExp, (...path: [string, string, string]) => object | Promise<object>];

const JOBS_QUERY_FIELDS = [
  'query',
  'useLegacySql',
  'parameterMode',
  'queryParameters',
  'maximumBytesBilled',
  'labels',
  'location',
  'requestId',
  'formatOptions',
  'maxResults',
  'timeoutMs',
  'useQueryCache',
];

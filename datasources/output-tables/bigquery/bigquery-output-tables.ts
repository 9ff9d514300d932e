import { createReadStream } from 'node:fs';
import type { BigQuery, Job } from '@google-cloud/bigquery';
import { badInput } from '../../../errors/app-error.js';
import { JobFailure } from '../../../jobs/job-failure.js';
import { raceAbort } from '../../../runtime/race-abort.js';
import { hasStatus, isLasting, readErrorReasons } from '../../google/bigquery/api-error.js';
import { runLoadJob } from '../../google/bigquery/load-job.js';
import { readDatasetLocation, readTable, tableAt, type TableAddress } from '../../google/bigquery/tables.js';
import { toStoreError } from '../../google/store-error.js';
import type { OutputTable, OutputTables, TableLoad } from '../output-tables.js';
import { readLoadedColumns } from './parquet-columns.js';

export interface OutputDataset {
  /** Opened on first use. */
  readonly client: () => Promise<BigQuery>;
  readonly project: string;
  readonly dataset: string;
}

export interface BigQueryOutputTablesOptions extends OutputDataset {
  /** The pause after the first refusal for a rate limit; it doubles each time. */
  readonly retryDelayMs: number;
}

/** BigQuery takes more characters; these need no quotes in any program. */
const TABLE_NAME = /^[A-Za-z_][A-Za-z0-9_]{0,299}$/;

/** BigQuery runs a failed load job itself again before it gives up; each further attempt is a job of its own. */
const ATTEMPTS = 3;

/** Reasons of failed load jobs that may pass: another job with the same file can succeed. */
const PASSING = ['backendError', 'internalError', 'jobBackendError', 'jobInternalError', 'tableUnavailable'];

/** The labels of a table that say which job made it, and of what. Values have at most 63 characters. */
const OWNER = 'featuregraph_job';
const CHECKSUM = 'featuregraph_sha256';
const CHECKSUM_CHARACTERS = 63;

/**
 * Tables of a dataset of BigQuery, made by load jobs with WRITE_EMPTY. The id of a load job is that of the job of the
 * gateway and the checksum of the file: BigQuery takes an id once, so a repetition after a crash loads nothing twice.
 */
export class BigQueryOutputTables implements OutputTables {
  readonly #root: string;
  #location: Promise<string> | undefined;

  constructor(private readonly options: BigQueryOutputTablesOptions) {
    this.#root = `${options.project}.${options.dataset}.`;
  }

  address(name: string, field: string): string {
    const table = name.startsWith(this.#root) ? name.slice(this.#root.length) : name;
    if (TABLE_NAME.test(table)) return `${this.#root}${table}`;
    throw badInput(
      'This is not a table in the dataset for outputs. Give the name of a table: at most 300 letters, digits and ' +
        'underscores, beginning with a letter or an underscore.',
      field,
    );
  }

  async find(address: string): Promise<OutputTable | undefined> {
    try {
      const found = await readTable(await this.options.client(), this.#tableAddress(address));
      return found && { owner: found.labels?.[OWNER] ?? null, checksum: found.labels?.[CHECKSUM] ?? null };
    } catch (error) {
      throw toUnavailable(error);
    }
  }

  async load(path: string, address: string, load: TableLoad, signal: AbortSignal): Promise<boolean> {
    const fields = await readLoadedColumns(path);
    for (let attempt = 0; ; attempt += 1) {
      try {
        await this.#load(path, address, { ...load, attempt, fields }, signal);
        return true;
      } catch (error) {
        signal.throwIfAborted();
        const reasons = readErrorReasons(error);
        if (reasons.includes('duplicate')) return false;
        if (reasons.includes('invalid')) return await this.#refused(address, load, error);
        if (attempt + 1 === ATTEMPTS || !reasons.some((reason) => PASSING.includes(reason))) throw toUnavailable(error);
      }
    }
  }

  async resume(load: TableLoad, signal: AbortSignal): Promise<boolean> {
    for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
      const job = await this.#job({ ...load, attempt });
      try {
        await raceAbort(signal, job.promise());
        return true;
      } catch (error) {
        signal.throwIfAborted();
        if (hasStatus(error, 404)) return false;
        const reasons = readErrorReasons(error);
        if (reasons.length === 0 || hasStatus(error, 503)) throw toUnavailable(error);
        if (!reasons.some((reason) => PASSING.includes(reason))) return false;
      }
    }
    return false;
  }

  async #load(path: string, address: string, load: Attempt & Columns, signal: AbortSignal): Promise<void> {
    const client = await this.options.client();
    await runLoadJob({
      client,
      location: await this.#locate(),
      retryDelayMs: this.options.retryDelayMs,
      signal,
      table: tableAt(client, this.#tableAddress(address)),
      jobId: toJobId(load),
      metadata: {
        sourceFormat: 'PARQUET',
        createDisposition: 'CREATE_IF_NEEDED',
        writeDisposition: 'WRITE_EMPTY',
        schema: { fields: [...load.fields] },
        decimalTargetTypes: ['NUMERIC', 'BIGNUMERIC'],
        destinationTableProperties: {
          description: `The training set of job ${load.owner} of featuregraph.`,
          labels: { [OWNER]: load.owner, [CHECKSUM]: toLabel(load.checksum) },
        },
      },
      content: () => createReadStream(path),
    });
  }

  /** BigQuery refuses labels for a table that is there and empty: it may be of another program. */
  async #refused(address: string, { owner }: TableLoad, cause: unknown): Promise<false> {
    const there = await this.find(address);
    if (there !== undefined && there.owner !== owner) return false;
    throw new JobFailure(
      'OUTPUT_INVALID',
      'BigQuery refused a column or a value of the training set, and made no table. The log of the gateway has the reason.',
      { cause },
    );
  }

  async #job(load: Attempt): Promise<Job> {
    const client = await this.options.client();
    return client.job(toJobId(load), { location: await this.#locate(), projectId: this.options.project });
  }

  #tableAddress(address: string): TableAddress {
    const { project, dataset } = this.options;
    return { project, dataset, table: address.slice(this.#root.length) };
  }

  /** Jobs run in the location of the dataset, which never changes. */
  async #locate(): Promise<string> {
    this.#location ??= this.#readLocation();
    try {
      return await this.#location;
    } catch (error) {
      this.#location = undefined;
      throw toUnavailable(error);
    }
  }

  async #readLocation(): Promise<string> {
    const { client, project, dataset } = this.options;
    const location = await readDatasetLocation(await client(), { project, dataset });
    if (location === undefined) throw new Error('BigQuery did not say where the dataset for outputs is');
    return location;
  }
}

interface Attempt extends TableLoad {
  /** From 0. */
  readonly attempt: number;
}

interface Columns {
  readonly fields: Awaited<ReturnType<typeof readLoadedColumns>>;
}

function toJobId({ owner, checksum, attempt }: Attempt): string {
  return `featuregraph_output_${owner}_${toLabel(checksum).slice(0, 16)}_${attempt}`;
}

/** The checksum as a table has it. */
export function toLabel(checksum: string): string {
  return checksum.replace(/^sha256:/, '').slice(0, CHECKSUM_CHARACTERS);
}

function toUnavailable(error: unknown): unknown {
  return toStoreError('The dataset for outputs', error, () => !isLasting(error) && !hasStatus(error, 404));
}

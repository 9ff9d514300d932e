import { createInterface } from 'node:readline';
import type { Bucket, File, Storage } from '@google-cloud/storage';
import type { PredictionFailureRow, PredictionRow, ResultRange } from '../batch-predictions.js';
import { failureOf, predictionFields, rowsInRange, type VertexResults } from './results.js';
import { withoutResources } from './vertex-job.js';

/** One line of what Vertex AI writes as JSONL. */
interface ResultLine {
  readonly instance?: unknown;
  readonly prediction?: unknown;
  readonly error?: unknown;
}

/**
 * The files in the folder a job says it wrote to. Their names differ by kind of model, so they are listed: those with
 * errors say so in their names, and all others whose names begin with "prediction" are predictions.
 */
export class CloudStorageResults implements VertexResults {
  readonly #bucket: Bucket;
  readonly #prefix: string;

  constructor(storage: Storage, folder: string) {
    const [, bucket = '', prefix = ''] = /^gs:\/\/([^/]+)\/?(.*)$/.exec(folder) ?? [];
    this.#bucket = storage.bucket(bucket);
    this.#prefix = prefix.endsWith('/') || prefix === '' ? prefix : `${prefix}/`;
  }

  async predictions(range: ResultRange): Promise<PredictionRow[]> {
    const rows = await rowsInRange(this.#lines(isPredictions), range);
    return rows.map(({ row, instanceNumber }) => ({
      instanceNumber,
      instance: predictionFields(row.instance),
      prediction: predictionFields(row.prediction),
    }));
  }

  async failures(range: ResultRange): Promise<PredictionFailureRow[]> {
    const rows = await rowsInRange(this.#lines(isErrors), range);
    return rows.map(({ row, instanceNumber }) => {
      const { code, message } = failureOf(row.error);
      return { instanceNumber, instance: predictionFields(row.instance), code, message: withoutResources(message) };
    });
  }

  async *allPredictions(): AsyncGenerator<Readonly<Record<string, unknown>>> {
    for await (const { prediction } of this.#lines(isPredictions)) yield predictionFields(prediction);
  }

  /** The failed instances as a file that a new job can read; gives its address. */
  async writeFailedInstances(name: string): Promise<string> {
    const file = this.#bucket.file(`${this.#prefix}${name}`);
    const lines: string[] = [];
    for await (const { instance } of this.#lines(isErrors)) lines.push(JSON.stringify(instance));
    await file.save(`${lines.join('\n')}\n`, {
      resumable: false,
      validation: 'md5',
      contentType: 'application/jsonl',
    });
    return `gs://${this.#bucket.name}/${file.name}`;
  }

  async *#lines(isWanted: (name: string) => boolean): AsyncGenerator<ResultLine> {
    for (const file of await this.#files(isWanted)) {
      const lines = createInterface({ input: file.createReadStream(), crlfDelay: Infinity });
      for await (const line of lines) if (line !== '') yield JSON.parse(line) as ResultLine;
    }
  }

  async #files(isWanted: (name: string) => boolean): Promise<File[]> {
    const [files] = await this.#bucket.getFiles({ prefix: this.#prefix });
    return files
      .filter((file) => isWanted(file.name.slice(this.#prefix.length)))
      .sort((a, b) => (a.name < b.name ? -1 : 1));
  }
}

function isErrors(name: string): boolean {
  return /^(prediction\.)?errors?[._-]/.test(name) && !name.includes('errors_stats');
}

function isPredictions(name: string): boolean {
  return /^predictions?[._-]/.test(name) && !name.startsWith('prediction.errors');
}

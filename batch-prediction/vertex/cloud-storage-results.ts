import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Bucket, File, Storage } from '@google-cloud/storage';
import type { PredictionFailureRow, PredictionRow, ResultRange } from '../batch-predictions.js';
import { readLines } from './read-lines.js';
import { parseExactJson, parseToRewrite } from '../../values/lossless-json.js';
import {
  readExplanation,
  toFailure,
  instanceFields,
  predictionFields,
  rowsInRange,
  type FailedInstances,
  type VertexResults,
} from './results.js';

/** One line of Vertex AI's JSONL output. */
interface ResultLine {
  readonly instance?: unknown;
  readonly prediction?: unknown;
  readonly explanation?: unknown;
  readonly error?: unknown;
}

/**
 * The files in the output folder that a job reports. Their names depend on the kind of model, so this lists them: files
 * with errors have "errors" in their names, and all others whose names begin with "prediction" are predictions.
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
    const rows = await rowsInRange(this.#rows(isPredictions), range);
    return rows.map(({ row, instanceNumber }) => ({
      instanceNumber,
      instance: instanceFields(row.instance),
      prediction: predictionFields(row.prediction),
      ...readExplanation(row.explanation),
    }));
  }

  async failures(range: ResultRange): Promise<PredictionFailureRow[]> {
    const rows = await rowsInRange(this.#rows(isErrors), range);
    return rows.map(({ row, instanceNumber }) => {
      const { code, message } = toFailure(row.error);
      return { instanceNumber, instance: instanceFields(row.instance), code, message };
    });
  }

  async *allPredictions(): AsyncGenerator<Readonly<Record<string, unknown>>> {
    for await (const { prediction } of this.#rows(isPredictions)) yield predictionFields(prediction);
  }

  async failedInstances(name: string): Promise<FailedInstances | undefined> {
    const file = this.#bucket.file(`${this.#prefix}${name}`);
    let count = 0;
    const lines = async function* (rows: AsyncIterable<string>): AsyncGenerator<string> {
      for await (const row of rows) {
        count += 1;
        yield `${JSON.stringify((parseToRewrite(row) as ResultLine).instance)}\n`;
      }
    };
    // Reads line by line, because the failures may exceed memory.
    await pipeline(
      Readable.from(lines(this.#lines(isErrors))),
      file.createWriteStream({ resumable: false, validation: 'md5', contentType: 'application/jsonl' }),
    );
    if (count === 0) return undefined;
    const input = { kind: 'FILES', files: [`gs://${this.#bucket.name}/${file.name}`], format: 'JSONL' } as const;
    return { input, excludedFields: [] };
  }

  async *#rows(isWanted: (name: string) => boolean): AsyncGenerator<ResultLine> {
    for await (const line of this.#lines(isWanted)) yield parseExactJson(line) as ResultLine;
  }

  async *#lines(isWanted: (name: string) => boolean): AsyncGenerator<string> {
    for (const file of await this.#files(isWanted)) yield* readLines(file.createReadStream());
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

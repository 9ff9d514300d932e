import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { FileFormat } from '../../../datasources/files/file-format.js';
import type { BatchOutput, BatchPredictionRequest } from '../../../batch-prediction/batch-predictions.js';
import type { JobRecord } from '../../../datasources/job-store/job-record.js';
import { BatchFailure, ModelResponseFault } from '../../../batch-prediction/models/model-serving.js';
import { AppError } from '../../../errors/app-error.js';
import type { Clock } from '../../../values/clock.js';
import {
  waitForEnd,
  openLab,
  request,
  writeInput,
  type BatchPredictionLab,
} from '../../support/batch-prediction-lab.js';
import type { Model } from '../../../datasources/registry/prediction-model.js';
import { toClientValue } from '../../../values/client-value.js';
import type { RawValue } from '../../../values/value-type.js';
import { EVERY_VALUE_TYPE, VALUES_OF_EVERY_TYPE } from '../../support/every-value-type.js';
import { LINEAR_MODEL, LinearModelServing } from '../../support/linear-model.js';
import { LOCAL_BATCH_PREDICTION } from '../../../batch-prediction/local/local-batch-prediction-job.js';
import { TRAINING_SET_JOB } from '../../../training-sets/training-set-job.js';
import { jobRecord } from '../../support/job-record.js';
import { openTestLab } from '../../support/test-lab.js';
import { temporaryFolder } from '../../support/temporary-folder.js';
import { until } from '../../support/until.js';

const ROWS = "SELECT i AS a, i / 4.0::DOUBLE AS b, 'row \"' || i AS note FROM range(1000) AS numbers(i)";

function files(name: string): { kind: 'FILES'; files: string[]; format: FileFormat } {
  const extension = name.split('.').at(-1)!;
  return { kind: 'FILES', files: [name], format: extension.toUpperCase() as FileFormat };
}

describe('a batch prediction', () => {
  it.each(
    ['in.parquet', 'in.csv', 'in.jsonl'].flatMap((name) => [[name, 'PARQUET'] as const, [name, 'JSONL'] as const]),
  )('of %s to %s has one prediction an instance, in order, with the instance', async (name, format) => {
    const lab = await openTestLab({ folder: temporaryFolder() });
    await writeInput(lab, name, ROWS);
    const started = await lab.batch.start(request(files(name), { output: { format, location: 'out' }, batchSize: 7 }));
    const job = await waitForEnd(lab, started.id);
    expect(lab.errors).toEqual([]);
    expect(job).toMatchObject({
      state: 'SUCCEEDED',
      error: null,
      progress: { completed: 1000n, failed: 0n, total: 1000n },
      result: { predictions: `out/predictions-*.${format.toLowerCase()}`, failures: null, isPartial: false },
    });
    const page = await lab.batch.predictions(job, { after: null, limit: 1000 });
    expect(page.map(({ instanceNumber }) => instanceNumber)).toEqual(Array.from({ length: 1000 }, (_, i) => BigInt(i)));
    expect(page[5]).toEqual({
      instanceNumber: 5n,
      instance: { a: '5', b: 1.25, note: 'row "5' },
      prediction: { y: 13.75, z: '5' },
    });
    const next = await lab.batch.predictions(job, { after: 5n, limit: 2 });
    expect(next.map(({ instanceNumber }) => instanceNumber)).toEqual([6n, 7n]);
  });

  it('whose process ends at any moment after its start is done by the next one', async () => {
    const folder = temporaryFolder();
    for (const milliseconds of [0, 0, 1, 2, 4, 8]) {
      const lab = await openLab({ folder });
      await writeInput(lab, 'in.parquet', ROWS);
      const { id } = await lab.batch.start(request(files('in.parquet')));
      await sleep(milliseconds);
      await lab.stop();
      const next = await openLab({ folder });
      await next.engine.resume();
      expect((await waitForEnd(next, id)).state).toBe('SUCCEEDED');
      await next.stop();
    }
  });

  it('keeps as many batches in flight as there are replicas, and no more', async () => {
    const lab = await openTestLab({ folder: temporaryFolder(), faults: { delayMs: 2 } });
    await writeInput(lab, 'in.parquet', ROWS);
    const started = await lab.batch.start(request(files('in.parquet'), { batchSize: 20, replicas: 4 }));
    expect((await waitForEnd(lab, started.id)).state).toBe('SUCCEEDED');
    expect(lab.serving.mostInFlight).toBe(4);
    expect(lab.serving.parallelism).toBe(4);
    expect(lab.serving.batchSizes).toEqual(Array.from({ length: 50 }, () => 20));
    expect(lab.serving.closed).toBe(1);
  });

  it('retries a failed batch and loses nothing', async () => {
    const lab = await openTestLab({ folder: temporaryFolder(), faults: { failingRequests: 3 } });
    await writeInput(lab, 'in.parquet', ROWS);
    const started = await lab.batch.start(request(files('in.parquet'), { batchSize: 500, replicas: 1 }));
    expect(await waitForEnd(lab, started.id)).toMatchObject({
      state: 'SUCCEEDED',
      progress: { completed: 1000n, failed: 0n },
    });
    expect(lab.serving.batchSizes).toEqual([500, 500, 500, 500, 500]);
  });

  it('halves a batch that keeps failing until the bad instances stand alone', async () => {
    const lab = await openTestLab({
      folder: temporaryFolder(),
      faults: { breaksBatch: (a) => a === 13n || a === 14n },
    });
    await writeInput(lab, 'in.parquet', ROWS);
    const started = await lab.batch.start(request(files('in.parquet'), { batchSize: 16, replicas: 1 }));
    const job = await waitForEnd(lab, started.id);
    expect(job).toMatchObject({
      state: 'PARTIALLY_SUCCEEDED',
      error: null,
      progress: { completed: 998n, failed: 2n, total: 1000n },
      result: { isPartial: false },
    });
    expect(await lab.batch.failures(job, { after: null, limit: 10 })).toEqual(
      [13n, 14n].map((instanceNumber) => ({
        instanceNumber,
        instance: { a: String(instanceNumber), b: Number(instanceNumber) / 4, note: `row "${instanceNumber}` },
        code: 'PREDICTION_FAILED',
        message: 'The model failed for this instance, alone and repeatedly.',
      })),
    );
    // Four tries of the batch, then halves, once each, and four tries of each of the two.
    expect(lab.serving.batchSizes.slice(0, 18)).toEqual([16, 16, 16, 16, 8, 8, 4, 4, 2, 1, 1, 1, 1, 1, 2, 1, 1, 1]);
  });

  it('asks a model that keeps another contract once more, then ends the job and keeps what was predicted', async () => {
    const lab = await openTestLab({ folder: temporaryFolder() });
    let faults = 0;
    lab.serving.faults.onRequest = ({ instances }) => {
      if (instances[0]!.a !== 100n) return;
      faults += 1;
      throw new ModelResponseFault('The server gave 99 predictions for 100 instances.');
    };
    await writeInput(lab, 'in.parquet', ROWS);
    const started = await lab.batch.start(request(files('in.parquet'), { batchSize: 100, replicas: 1 }));
    expect(await waitForEnd(lab, started.id)).toMatchObject({
      state: 'FAILED',
      error: {
        code: 'INVALID_MODEL_RESPONSE',
        message: expect.stringMatching(/^The server gave 99 predictions for 100 instances\. .* kept\./) as string,
      },
      progress: { completed: 100n, failed: 0n },
      result: { isPartial: true },
    });
    expect(faults).toBe(2);
  });

  it('goes on when a model keeps its contract the second time', async () => {
    const lab = await openTestLab({ folder: temporaryFolder() });
    let faults = 0;
    lab.serving.faults.onRequest = () => {
      faults += 1;
      if (faults % 2 === 1) throw new ModelResponseFault('The server gave no JSON.');
    };
    await writeInput(lab, 'in.parquet', ROWS);
    const started = await lab.batch.start(request(files('in.parquet'), { batchSize: 500, replicas: 1 }));
    expect(await waitForEnd(lab, started.id)).toMatchObject({ state: 'SUCCEEDED', progress: { completed: 1000n } });
  });

  it('says in a failure what the model says of itself', async () => {
    const lab = await openTestLab({ folder: temporaryFolder() });
    lab.serving.faults.onRequest = ({ instances }) => {
      if (instances.some(({ a }) => a === 13n)) throw new BatchFailure('The server failed (HTTP 500): out of memory.');
    };
    await writeInput(lab, 'in.parquet', ROWS);
    const started = await lab.batch.start(request(files('in.parquet'), { batchSize: 100, replicas: 1 }));
    const job = await waitForEnd(lab, started.id);
    expect(await lab.batch.failures(job, { after: null, limit: 10 })).toMatchObject([
      {
        code: 'PREDICTION_FAILED',
        message:
          'The model failed for this instance, alone and repeatedly. The server failed (HTTP 500): out of memory.',
      },
    ]);
  });

  it('is not started with a model that does not fit', async () => {
    const lab = await openTestLab({ folder: temporaryFolder() });
    await writeInput(lab, 'in.parquet', ROWS);
    lab.serving.faults.checkFaults = [{ path: 'outputs[0]', message: 'the graph has no "y".' }];
    await expect(lab.batch.start(request(files('in.parquet')))).rejects.toMatchObject({
      code: 'MODEL_UNAVAILABLE',
      message: 'The model "linear" cannot be used. outputs[0]: the graph has no "y".',
      details: { field: 'model' },
    });
    expect(lab.serving.requests).toBe(0);
  });

  it('puts what the model says of single instances into the errors, and does not ask again', async () => {
    const lab = await openTestLab({ folder: temporaryFolder(), faults: { refuses: (a) => a % 100n === 7n } });
    await writeInput(lab, 'in.parquet', ROWS);
    const started = await lab.batch.start(request(files('in.parquet'), { batchSize: 100 }));
    const job = await waitForEnd(lab, started.id);
    expect(job).toMatchObject({ state: 'PARTIALLY_SUCCEEDED', progress: { completed: 990n, failed: 10n } });
    expect(lab.serving.requests).toBe(10);
    const page = await lab.batch.failures(job, { after: 107n, limit: 2 });
    expect(page.map(({ instanceNumber, code, message }) => [instanceNumber, code, message])).toEqual([
      [207n, 'INSTANCE_REFUSED', 'a of 207 is refused.'],
      [307n, 'INSTANCE_REFUSED', 'a of 307 is refused.'],
    ]);
  });

  it('fails when not one instance has a prediction, and says why each failed', async () => {
    const lab = await openTestLab({ folder: temporaryFolder(), faults: { refuses: () => true } });
    await writeInput(lab, 'in.parquet', ROWS);
    const job = await waitForEnd(lab, (await lab.batch.start(request(files('in.parquet')))).id);
    expect(job).toMatchObject({
      state: 'FAILED',
      error: { code: 'ALL_INSTANCES_FAILED' },
      progress: { failed: 1000n },
    });
    expect(job.result).toMatchObject({ predictions: null, isPartial: false });
    expect(await lab.batch.failures(job, { after: 998n, limit: 5 })).toHaveLength(1);
  });

  it('fails with MODEL_UNAVAILABLE when the model stays away, marks no instance bad, and keeps what there was', async () => {
    const lab = await openTestLab({ folder: temporaryFolder() });
    lab.serving.faults.onRequest = ({ instances }) => {
      lab.serving.faults.isUnreachable = (instances[0]!.a as bigint) >= 500n;
    };
    await writeInput(lab, 'in.parquet', ROWS);
    const job = await waitForEnd(lab, (await lab.batch.start(request(files('in.parquet'), { replicas: 1 }))).id);
    expect(job).toMatchObject({
      state: 'FAILED',
      error: { code: 'MODEL_UNAVAILABLE' },
      progress: { completed: 500n, failed: 0n, total: 1000n },
      result: { isPartial: true, failures: null },
    });
    expect(lab.serving.requests).toBe(50 + 4);
  });

  it('waits for a model that is away for a while', async () => {
    const lab = await openTestLab({ folder: temporaryFolder(), pace: { initialBackoffMs: 1, outageRetries: 10 } });
    let requests = 0;
    lab.serving.faults.onRequest = () => {
      requests += 1;
      lab.serving.faults.isUnreachable = requests > 3 && requests < 10;
    };
    await writeInput(lab, 'in.parquet', ROWS);
    const job = await waitForEnd(lab, (await lab.batch.start(request(files('in.parquet'), { replicas: 1 }))).id);
    expect(job).toMatchObject({ state: 'SUCCEEDED', progress: { completed: 1000n, failed: 0n } });
  });

  it('ends when a model fails for everything from the start on, after a few instances and not after all', async () => {
    const lab = await openTestLab({ folder: temporaryFolder(), faults: { breaksBatch: () => true } });
    await writeInput(lab, 'in.parquet', ROWS);
    const asked = request(files('in.parquet'), { replicas: 1, batchSize: 64 });
    const job = await waitForEnd(lab, (await lab.batch.start(asked)).id);
    expect(job).toMatchObject({ state: 'FAILED', error: { code: 'MODEL_UNAVAILABLE' }, progress: { completed: 0n } });
    expect(job.error!.message).not.toContain('http://');
    expect(lab.serving.requests).toBeLessThan(100);
  });

  it('reads CSV by the types of the model, and fails the instances that have others', async () => {
    const lab = await openTestLab({ folder: temporaryFolder() });
    const quoted = 'abc,1,"q, ""w"""';
    const lines = ['a,b,note', '1,2.5,x', quoted, '1.5,1,', '2.0,3,', ',1,', '9223372036854775807,NaN,', '7', '5,x,'];
    writeFileSync(join(lab.files.folder, 'in.csv'), `${lines.join('\n')}\n`);
    const job = await waitForEnd(lab, (await lab.batch.start(request(files('in.csv')))).id);
    const failures = await lab.batch.failures(job, { after: null, limit: 10 });
    expect(failures.map(({ instanceNumber, code, message }) => [instanceNumber, code, message])).toEqual([
      [1n, 'INVALID_INSTANCE', '"in.csv", line 3: column "a": "abc" is not an INT64.'],
      [2n, 'INVALID_INSTANCE', '"in.csv", line 4: column "a": "1.5" is not an INT64.'],
      [4n, 'INVALID_INSTANCE', 'a and b must not be null.'],
      [6n, 'INVALID_INSTANCE', 'a and b must not be null.'],
      [7n, 'INVALID_INSTANCE', '"in.csv", line 9: column "b": "x" is not a DOUBLE.'],
    ]);
    expect(failures[0]!.instance).toEqual({ a: 'abc', b: 1, note: 'q, "w"' });
    const predictions = await lab.batch.predictions(job, { after: null, limit: 10 });
    expect(predictions.map(({ instance, prediction }) => [instance, prediction])).toEqual([
      [
        { a: '1', b: 2.5, note: 'x' },
        { y: 9.5, z: '1' },
      ],
      [
        { a: '2', b: 3, note: null },
        { y: 13, z: '2' },
      ],
      [
        { a: '9223372036854775807', b: 'NaN', note: null },
        { y: 'NaN', z: '9223372036854775807' },
      ],
    ]);
  });

  it.each([
    [
      'in.csv',
      '"in.csv", line 2: ',
      'a,b\n1,9007199254740993\n2,9007199254740992\n3,100000000000000000000\n4,0.10000000000000000555\n',
    ],
    [
      'in.jsonl',
      '"in.jsonl", line 1: ',
      '{"a":1,"b":9007199254740993}\n{"a":2,"b":9007199254740992}\n{"a":3,"b":1e20}\n{"a":4,"b":0.10000000000000000555}\n',
    ],
    ['in.parquet', '"in.parquet": row 0 (from 0), ', ''],
  ])('refuses a whole number that a DOUBLE would round, in %s', async (name, place, text) => {
    const lab = await openTestLab({ folder: temporaryFolder() });
    const path = join(lab.files.folder, name);
    if (text === '') {
      const rows = `VALUES (1, 9007199254740993), (2, 9007199254740992), (3, 1), (4, 2)`;
      await lab.offline.use(async (connection) =>
        connection.run(
          `COPY (SELECT a::BIGINT AS a, b::BIGINT AS b FROM (${rows}) AS v(a, b)) TO '${path}' (FORMAT parquet)`,
        ),
      );
    } else writeFileSync(path, text);
    const job = await waitForEnd(lab, (await lab.batch.start(request(files(name)))).id);
    const failures = await lab.batch.failures(job, { after: null, limit: 10 });
    expect(failures.map(({ instanceNumber, message }) => [instanceNumber, message])).toEqual([
      [0n, `${place}column "b": "9007199254740993" is not a DOUBLE.`],
    ]);
    expect(await lab.batch.predictions(job, { after: null, limit: 10 })).toHaveLength(3);
  });

  it.each(['PARQUET', 'JSONL'] as const)(
    'of lines of JSON passes on what the model does not ask for, and fails lines that are none (%s)',
    async (format) => {
      const lab = await openTestLab({ folder: temporaryFolder() });
      const lines = [
        '{"a": 1, "b": 2, "tags": ["x", {"deep": null}], "big": 12345678901234567890}',
        '{bad',
        '',
        '[1]',
        '{"a": "2", "b": "NaN", "tags": "text"}',
        '{"a": null, "b": {"c": 1}}',
        '{"a": 1.5, "b": 1}',
        '{"b": 1, "a": 3}',
      ];
      writeFileSync(join(lab.files.folder, 'in.jsonl'), lines.join('\n'));
      const asked = request(files('in.jsonl'), { output: { format, location: null } });
      const job = await waitForEnd(lab, (await lab.batch.start(asked)).id);
      const failures = await lab.batch.failures(job, { after: null, limit: 10 });
      expect(failures.map(({ instanceNumber, code, message }) => [instanceNumber, code, message])).toEqual([
        [1n, 'MALFORMED_INSTANCE', '"in.jsonl", line 2: the line is not valid JSON at byte 2.'],
        [2n, 'MALFORMED_INSTANCE', '"in.jsonl", line 4: the line is a list.'],
        [4n, 'INVALID_INSTANCE', '"in.jsonl", line 6: column "b": "{\\"c\\": 1}" is not a DOUBLE.'],
        [5n, 'INVALID_INSTANCE', '"in.jsonl", line 7: column "a": "1.5" is not an INT64.'],
      ]);
      const predictions = await lab.batch.predictions(job, { after: null, limit: 10 });
      expect(predictions.map(({ instance, prediction }) => [instance, prediction])).toEqual([
        [
          { a: '1', b: 2, tags: ['x', { deep: null }], big: '12345678901234567890' },
          { y: 8, z: '1' },
        ],
        [
          { a: '2', b: 'NaN', tags: 'text', big: null },
          { y: 'NaN', z: '2' },
        ],
        [
          { a: '3', b: 1, tags: null, big: null },
          { y: 9, z: '3' },
        ],
      ]);
    },
  );

  it('is refused when its files are broken, and says where', async () => {
    const lab = await openTestLab({ folder: temporaryFolder() });
    writeFileSync(join(lab.files.folder, 'in.csv'), 'a,b\n1,2\n3,4,5\n');
    await expect(lab.batch.start(request(files('in.csv')))).rejects.toMatchObject({
      code: 'BAD_USER_INPUT',
      message: expect.stringContaining('"in.csv", line 3: it has 3 fields, the header has 2') as string,
      details: { field: 'input.files' },
    });
  });

  it('fails when its files turn out not to be what they should, and says which', async () => {
    const lab = await openTestLab({ folder: temporaryFolder() });
    await writeInput(lab, 'in.parquet', ROWS);
    const path = join(lab.files.folder, 'in.parquet');
    const bytes = await readFile(path);
    // The metadata at the end stays, so that only reading the values finds it.
    writeFileSync(path, bytes.fill(0xff, 8, Math.floor(bytes.length / 2)));
    const job = await waitForEnd(lab, (await lab.batch.start(request(files('in.parquet')))).id);
    expect(job).toMatchObject({ state: 'FAILED', error: { code: 'INPUT_UNREADABLE' } });
    expect(job.error!.message).toContain('"in.parquet": it cannot be read as PARQUET');
    expect(job.error!.message).not.toContain(lab.folder);
  });

  it('reads quoted names, quoted line ends, a byte order mark and several CSV files with one header', async () => {
    const lab = await openTestLab({ folder: temporaryFolder() });
    const header = '"a","b","a ""note"", with comma"';
    writeFileSync(join(lab.files.folder, 'one[1].csv'), `\uFEFF${header}\r\n1,2,"two\nlines"\r\n`);
    writeFileSync(join(lab.files.folder, 'two.csv'), `${header}\n3,4,""\n`);
    writeFileSync(join(lab.files.folder, 'other.csv'), 'b,a\n1,2\n');
    const names = { kind: 'FILES', format: 'CSV', files: ['one[1].csv', 'two.csv'] } as const;
    const job = await waitForEnd(lab, (await lab.batch.start(request(names))).id);
    const predictions = await lab.batch.predictions(job, { after: null, limit: 10 });
    expect(predictions.map(({ instance }) => instance)).toEqual([
      { a: '1', b: 2, 'a "note", with comma': 'two\nlines' },
      { a: '3', b: 4, 'a "note", with comma': '' },
    ]);
    const mixed = lab.batch.start(request({ ...names, files: ['two.csv', 'other.csv'] }));
    await expect(mixed).rejects.toThrow('do not have the same columns');
  });

  it.each(['PARQUET', 'JSONL'] as const)('keeps values of every type as they are (%s)', async (format) => {
    const fields = EVERY_VALUE_TYPE.map((typed) => ({ ...typed, unit: null, description: null }));
    const echo: Model = { ...LINEAR_MODEL, name: 'echo', inputs: fields, outputs: fields };
    const serving = new LinearModelServing();
    serving.answer = (instance) => ({ kind: 'prediction', prediction: instance });
    const lab = await openTestLab({ folder: temporaryFolder(), model: echo, serving });
    const rows = Array.from({ length: 7 }, (_, row) =>
      Object.fromEntries(
        fields.map(({ name, valueType }) => {
          const values: readonly RawValue[] = VALUES_OF_EVERY_TYPE[name as keyof typeof VALUES_OF_EVERY_TYPE];
          return [name, row < values.length ? toClientValue(valueType, values[row]!) : null];
        }),
      ),
    );
    writeFileSync(join(lab.files.folder, 'in.jsonl'), rows.map((row) => JSON.stringify(row)).join('\n'));
    const asked = request(files('in.jsonl'), { model: echo, output: { format, location: null } });
    const job = await waitForEnd(lab, (await lab.batch.start(asked)).id);
    expect(lab.errors).toEqual([]);
    expect(await lab.batch.failures(job, { after: null, limit: 10 })).toEqual([]);
    const predictions = await lab.batch.predictions(job, { after: null, limit: 10 });
    expect(predictions.map(({ prediction }) => prediction)).toEqual(rows);
    expect(predictions.map(({ instance }) => instance)).toEqual(rows);
  });

  it.each(['PARQUET', 'JSONL'] as const)(
    'keeps whatever a model without declared outputs says (%s)',
    async (format) => {
      const model: Model = { ...LINEAR_MODEL, outputs: [] };
      const serving = new LinearModelServing();
      serving.answer = ({ a }) => ({
        kind: 'prediction',
        prediction: { usage: { tokens: Number(a) }, text: `answer ${Number(a)}` },
      });
      const lab = await openTestLab({ folder: temporaryFolder(), model, serving });
      await writeInput(lab, 'in.parquet', ROWS);
      const asked = request(files('in.parquet'), { model, output: { format, location: null } });
      const job = await waitForEnd(lab, (await lab.batch.start(asked)).id);
      const [first] = await lab.batch.predictions(job, { after: 6n, limit: 1 });
      expect(first?.prediction).toEqual({ usage: { tokens: 7 }, text: 'answer 7' });
      expect(await lab.batch.metrics(job, [{ metric: 'MAX', field: 'usage.tokens', over: null }])).toEqual([999]);
      for (const field of ['usage', 'text', 'none']) {
        await expect(lab.batch.metrics(job, [{ metric: 'AVG', field, over: null }])).rejects.toMatchObject({
          details: { field: 'of[0].field' },
        });
      }
    },
  );

  it('of a table reads what was there when the job began', async () => {
    const lab = await openTestLab({ folder: temporaryFolder() });
    let isFirst = true;
    lab.serving.faults.onRequest = async () => {
      if (isFirst) await lab.offline.use((connection) => connection.run('INSERT INTO labels.june SELECT -1, 0, NULL'));
      isFirst = false;
    };
    await lab.offline.use((connection) => connection.run(`CREATE SCHEMA labels; CREATE TABLE labels.june AS ${ROWS}`));
    const started = await lab.batch.start(request({ kind: 'TABLE', table: 'labels.june' }, { replicas: 1 }));
    const job = await waitForEnd(lab, started.id);
    expect(job).toMatchObject({ state: 'SUCCEEDED', progress: { completed: 1000n, total: 1000n } });
    expect(await readdir(join(lab.folder, 'work'))).toEqual([]);
  });

  it('of a training set reads its output', async () => {
    const lab = await openTestLab({ folder: temporaryFolder() });
    await writeInput(lab, 'set.parquet', ROWS);
    const { id } = await lab.store.create(trainingSet('PARQUET', 'set.parquet'));
    const job = await waitForEnd(lab, (await lab.batch.start(request({ kind: 'TRAINING_SET', job: id }))).id);
    expect(job).toMatchObject({ state: 'SUCCEEDED', progress: { completed: 1000n, total: 1000n } });
  });

  describe('to a table', () => {
    const rowsOf = (lab: BatchPredictionLab, sql: string) =>
      lab.offline.use(async (connection) => (await connection.runAndReadAll(sql)).getRowObjects());
    const table = (location: string | null) => ({ format: 'TABLE', location }) as const;

    it('has all its predictions in a table of the offline store, and its failures where they always are', async () => {
      const lab = await openTestLab({ folder: temporaryFolder(), faults: { refuses: (a) => a === 3n } });
      await writeInput(lab, 'in.parquet', ROWS);
      const started = await lab.batch.start(request(files('in.parquet'), { output: table('June') }));
      const job = await waitForEnd(lab, started.id);
      expect(lab.errors).toEqual([]);
      expect(job).toMatchObject({
        state: 'PARTIALLY_SUCCEEDED',
        result: { predictions: 'predictions.June', failures: `batch-predictions/${job.id}/errors-*.parquet` },
      });
      expect(
        await rowsOf(
          lab,
          'SELECT count(*) AS n, count(DISTINCT instance_number) AS d, sum(prediction.y) AS y, sum(instance.a) AS a FROM predictions.june',
        ),
      ).toEqual([{ n: 999n, d: 999n, y: 2.75 * (499_500 - 3), a: 499_497n }]);
      const page = await lab.batch.predictions(job, { after: 2n, limit: 1 });
      expect(page).toMatchObject([{ instanceNumber: 4n, prediction: { y: 11 } }]);
      expect(await lab.batch.failures(job, { after: null, limit: 10 })).toMatchObject([{ instanceNumber: 3n }]);
      expect(await lab.batch.metrics(job, [{ metric: 'COUNT', field: 'y', over: null }])).toEqual([999]);
      // It is an input like any other table, and its name is taken.
      const again = lab.batch.start(request(files('in.parquet'), { output: table('JUNE') }));
      await expect(again).rejects.toMatchObject({ details: { field: 'output.location' } });
    });

    it('is called after the job when it is not named', async () => {
      const lab = await openTestLab({ folder: temporaryFolder() });
      await writeInput(lab, 'in.parquet', ROWS);
      const { id } = await lab.batch.start(request(files('in.parquet'), { output: table(null) }));
      const name = `predictions.job_${id.replaceAll('-', '_')}`;
      expect((await waitForEnd(lab, id)).result).toMatchObject({ predictions: name });
      expect(await rowsOf(lab, `SELECT count(*) AS n FROM ${name}`)).toEqual([{ n: 1000n }]);
    });

    it('has what was predicted when it is cancelled, and no table when that is nothing', async () => {
      const lab = await openTestLab({ folder: temporaryFolder(), faults: { delayMs: 20 } });
      await writeInput(lab, 'in.parquet', ROWS);
      const output = { output: table('some'), batchSize: 10, replicas: 1 };
      const { id } = await lab.batch.start(request(files('in.parquet'), output));
      await until(async () => lab.serving.requests > 5);
      await lab.engine.cancel(id);
      const job = await waitForEnd(lab, id);
      expect(job).toMatchObject({ state: 'CANCELLED', result: { predictions: 'predictions.some', isPartial: true } });
      expect(await rowsOf(lab, 'SELECT count(*) AS n FROM predictions.some')).toEqual([{ n: job.progress.completed }]);
      lab.serving.faults.refuses = () => true;
      const none = await lab.batch.start(request(files('in.parquet'), { output: table('none') }));
      expect((await waitForEnd(lab, none.id)).state).toBe('FAILED');
      expect(await rowsOf(lab, `FROM duckdb_tables() WHERE table_name = 'none'`)).toEqual([]);
    });

    it('of two jobs that were started with one name only one has it', async () => {
      const lab = await openTestLab({ folder: temporaryFolder() });
      await writeInput(lab, 'in.parquet', ROWS);
      const start = () => lab.batch.start(request(files('in.parquet'), { output: table('one') }));
      const started = await Promise.all([start(), start()]);
      const jobs = await Promise.all(started.map(({ id }) => waitForEnd(lab, id)));
      expect(lab.errors).toEqual([]);
      expect(jobs.map(({ state }) => state).toSorted()).toEqual(['FAILED', 'SUCCEEDED']);
      expect(jobs.find(({ state }) => state === 'FAILED')!.error).toMatchObject({ code: 'OUTPUT_IN_USE' });
      expect(await rowsOf(lab, 'SELECT count(*) AS n FROM predictions.one')).toEqual([{ n: 1000n }]);
    });
  });

  it('leaves a folder with numbered parts and a manifest, and nothing else', async () => {
    const lab = await openTestLab({ folder: temporaryFolder(), faults: { refuses: (a) => a === 3n } });
    await writeInput(lab, 'in.parquet', ROWS);
    const started = await lab.batch.start(
      request(files('in.parquet'), { output: { format: 'JSONL', location: 'a/b' } }),
    );
    await waitForEnd(lab, started.id);
    const folder = join(lab.files.folder, 'a/b');
    const manifest = JSON.parse(await readFile(join(folder, 'manifest.json'), 'utf8'));
    expect(manifest).toMatchObject({ job: started.id, state: 'PARTIALLY_SUCCEEDED', total: 1000 });
    // A part ends by the clock, so a busy machine makes several.
    const parts = manifest.parts as {
      number: number;
      from: number;
      to: number;
      predictions: number;
      failures: number;
    }[];
    expect(parts.map(({ number }) => number)).toEqual(parts.map((_, index) => index + 1));
    expect(parts.map(({ from }) => from)).toEqual([0, ...parts.slice(0, -1).map(({ to }) => to + 1)]);
    expect(parts.map(({ from, to, predictions, failures }) => to - from + 1 - predictions - failures)).toEqual(
      parts.map(() => 0),
    );
    expect(parts.map(({ from, to, failures }) => failures === (from <= 3 && to >= 3 ? 1 : 0))).toEqual(
      parts.map(() => true),
    );
    expect(parts.at(-1)!.to).toBe(999);
    const names = parts.flatMap(({ number, predictions, failures }) => [
      ...(predictions > 0 ? [`predictions-0000${number}.jsonl`] : []),
      ...(failures > 0 ? [`errors-0000${number}.jsonl`] : []),
    ]);
    expect((await readdir(folder)).sort()).toEqual([...names, 'manifest.json'].sort());
  });

  it('that is cancelled keeps what there was and says that it is not all', async () => {
    const lab = await openTestLab({ folder: temporaryFolder() });
    await writeInput(lab, 'in.parquet', ROWS);
    lab.serving.faults.onRequest = async ({ instances }) => {
      if (instances[0]!.a === 500n) await lab.engine.cancel(id);
    };
    const { id } = await lab.batch.start(request(files('in.parquet'), { replicas: 1 }));
    const job = await waitForEnd(lab, id);
    expect(job).toMatchObject({ state: 'CANCELLED', error: null, result: { isPartial: true, failures: null } });
    expect(job.progress.completed).toBe(500n);
    expect(await lab.batch.predictions(job, { after: null, limit: 1000 })).toHaveLength(500);
  });

  it('shows what is durable while it runs', async () => {
    const lab = await openTestLab({ folder: temporaryFolder(), clock: hurriedClock() });
    await writeInput(lab, 'in.parquet', ROWS);
    const seen: number[] = [];
    lab.serving.faults.onRequest = async () => {
      const job = LOCAL_BATCH_PREDICTION.read((await lab.store.get(id))!);
      seen.push((await lab.batch.predictions(job, { after: null, limit: 1000 })).length);
    };
    const { id } = await lab.batch.start(request(files('in.parquet'), { replicas: 1, batchSize: 50 }));
    expect((await waitForEnd(lab, id)).state).toBe('SUCCEEDED');
    expect(seen).toEqual([...seen].sort((one, other) => one - other));
    expect(new Set(seen).size).toBeGreaterThan(2);
  });
});

describe('retrying the failures of a batch prediction', () => {
  it.each(['PARQUET', 'JSONL'] as const)('predicts for those alone, under their numbers (%s)', async (format) => {
    const lab = await openTestLab({ folder: temporaryFolder(), faults: { refuses: (a) => a % 100n === 7n } });
    await writeInput(lab, 'in.parquet', ROWS);
    const output = { format, location: 'out' };
    const first = await waitForEnd(lab, (await lab.batch.start(request(files('in.parquet'), { output }))).id);
    lab.serving.faults.refuses = (a) => a === 107n;
    const origin = { createdBy: null, idempotencyKey: 'again' };
    const retry = await lab.batch.retryFailed(first, origin);
    expect((await lab.batch.retryFailed(first, origin)).id).toBe(retry.id);
    const second = await waitForEnd(lab, retry.id);
    expect(second).toMatchObject({ state: 'PARTIALLY_SUCCEEDED', progress: { completed: 9n, failed: 1n, total: 10n } });
    const predictions = await lab.batch.predictions(second, { after: null, limit: 2 });
    expect(predictions).toEqual([
      { instanceNumber: 7n, instance: { a: '7', b: 1.75, note: 'row "7' }, prediction: { y: 19.25, z: '7' } },
      { instanceNumber: 207n, instance: { a: '207', b: 51.75, note: 'row "207' }, prediction: { y: 569.25, z: '207' } },
    ]);
    const third = await waitForEnd(lab, (await lab.batch.retryFailed(second, { ...origin, idempotencyKey: null })).id);
    expect(third).toMatchObject({ state: 'FAILED', progress: { failed: 1n, total: 1n } });
  });

  it('refuses at once a job whose model has left the registry', async () => {
    const folder = temporaryFolder();
    const before = await openLab({ folder, faults: { refuses: (a) => a % 100n === 7n } });
    await writeInput(before, 'in.parquet', ROWS);
    const job = await waitForEnd(before, (await before.batch.start(request(files('in.parquet')))).id);
    await before.stop();
    const after = await openTestLab({ folder, model: { ...LINEAR_MODEL, name: 'another' } });
    const retry = after.batch.retryFailed(job, { createdBy: null, idempotencyKey: null });
    await expect(retry).rejects.toMatchObject({ code: 'MODEL_NOT_FOUND', details: { field: 'job' } });
    expect(await after.store.list({ filter: {}, before: null, limit: 10 })).toHaveLength(1);
  });

  it('refuses a job without failures', async () => {
    const lab = await openTestLab({ folder: temporaryFolder() });
    await writeInput(lab, 'in.parquet', ROWS);
    const job = await waitForEnd(lab, (await lab.batch.start(request(files('in.parquet')))).id);
    const retry = lab.batch.retryFailed(job, { createdBy: null, idempotencyKey: null });
    await expect(retry).rejects.toThrow('nothing to retry');
  });
});

describe('a request for a batch prediction', () => {
  it('is refused before anything starts, with the field and what is wrong with it', async () => {
    const lab = await openTestLab({ folder: temporaryFolder() });
    await writeInput(lab, 'in.parquet', ROWS);
    await writeInput(lab, 'lacks.csv', 'SELECT 1 AS c');
    await writeInput(lab, 'lacks.jsonl', 'SELECT 1 AS b');
    await writeInput(lab, 'typed.parquet', `SELECT DATE '2024-01-05' AS a, 1.5 AS b`);
    writeFileSync(join(lab.files.folder, 'broken.parquet'), 'not parquet');
    const running = await lab.store.create({ ...trainingSet('PARQUET', 'in.parquet'), state: 'RUNNING' });
    const refusal = async (asked: BatchPredictionRequest): Promise<unknown> =>
      lab.batch.start(asked).then(
        () => 'started',
        (error: unknown) =>
          error instanceof AppError ? { code: error.code, ...error.details, message: error.message } : error,
      );
    const good = files('in.parquet');
    expect(await refusal(request(files('lacks.csv')))).toMatchObject({
      code: 'BAD_USER_INPUT',
      field: 'input.files',
      missingColumns: ['a', 'b'],
    });
    expect(await refusal(request(files('lacks.jsonl')))).toMatchObject({ missingColumns: ['a'] });
    expect(await refusal(request(files('typed.parquet')))).toMatchObject({
      field: 'input.files',
      message: expect.stringContaining('a is DATE, not INT64'),
    });
    const broken = await refusal(request(files('broken.parquet')));
    expect(broken).toMatchObject({
      code: 'BAD_USER_INPUT',
      message: '"broken.parquet": it is not a Parquet file: it does not begin with PAR1.',
    });
    expect(await refusal(request(files('none.parquet')))).toMatchObject({
      code: 'FILE_NOT_FOUND',
      field: 'input.files',
    });
    expect(await refusal(request(files('../x.parquet')))).toMatchObject({
      code: 'BAD_USER_INPUT',
      field: 'input.files',
    });
    expect(await refusal(request({ kind: 'TABLE', table: 'x"; DROP' }))).toMatchObject({ code: 'TABLE_NOT_FOUND' });
    expect(await refusal(request({ kind: 'TRAINING_SET', job: 'none' }))).toMatchObject({ code: 'JOB_NOT_FOUND' });
    expect(await refusal(request({ kind: 'TRAINING_SET', job: running.id }))).toMatchObject({
      code: 'BAD_USER_INPUT',
      field: 'input.trainingSetJob',
    });
    expect(await refusal(request(good, { batchSize: 0 }))).toMatchObject({ field: 'batchSize' });
    expect(await refusal(request(good, { replicas: 65 }))).toMatchObject({ field: 'startingReplicaCount' });
    for (const location of ['', 'a.b', 'x"; DROP', '1st', 'a'.repeat(64)]) {
      expect(await refusal(request(good, { output: { format: 'TABLE', location } }))).toMatchObject({
        field: 'output.location',
      });
    }
    for (const location of ['../out', '/tmp/out', '.', 'in.parquet']) {
      expect(await refusal(request(good, { output: { format: 'JSONL', location } }))).toMatchObject({
        code: 'BAD_USER_INPUT',
        field: 'output.location',
      });
    }
    const kept = await lab.store.list({ filter: {}, before: null, limit: 10 });
    expect(kept.map(({ kind }) => kind)).toEqual(['TRAINING_SET']);
  });

  it('sent again finds its job, also when its input is gone and its folder is no longer empty', async () => {
    const lab = await openTestLab({ folder: temporaryFolder() });
    await writeInput(lab, 'in.csv', ROWS);
    const output = { format: 'JSONL', location: 'out' } as const;
    const asked = request(files('in.csv'), { output, idempotencyKey: 'once' });
    const first = await lab.batch.start(asked);
    await waitForEnd(lab, first.id);
    await rm(join(lab.files.folder, 'in.csv'));
    expect(await lab.batch.start(asked)).toMatchObject({ id: first.id, state: 'SUCCEEDED' });
    const other = request(files('in.csv'), { output, idempotencyKey: 'once', batchSize: 11 });
    await expect(lab.batch.start(other)).rejects.toMatchObject({ details: { field: 'idempotencyKey' } });
    const anew = lab.batch.start({ ...asked, idempotencyKey: null });
    await expect(anew).rejects.toMatchObject({ details: { field: 'output.location' } });
  });

  it('for a folder that another job took in the meantime fails instead of mixing both', async () => {
    const lab = await openTestLab({ folder: temporaryFolder() });
    await writeInput(lab, 'in.parquet', ROWS);
    const output = { format: 'PARQUET', location: 'out' } as const;
    const { spec, model } = request(files('in.parquet'), { output });
    const { kind, handler } = LOCAL_BATCH_PREDICTION;
    // Past the check of the folder, as two requests that race would be.
    const asked = { kind, handler, spec: { ...spec, modelSnapshot: model } };
    const both = await Promise.all(['1', '2'].map((id) => lab.store.create(jobRecord({ id, ...asked }))));
    await lab.engine.resume();
    const states = await Promise.all(both.map(async ({ id }) => (await waitForEnd(lab, id)).error?.code ?? 'fine'));
    expect(states.sort()).toEqual(['OUTPUT_IN_USE', 'fine']);
  });
});

describe('metrics of a batch prediction', () => {
  it.each(['PARQUET', 'JSONL'] as const)('are those of an independent computation (%s)', async (format) => {
    const lab = await openTestLab({ folder: temporaryFolder(), faults: { refuses: (a) => a % 10n === 9n } });
    await writeInput(lab, 'in.parquet', ROWS);
    const started = await lab.batch.start(request(files('in.parquet'), { output: { format, location: null } }));
    const job = await waitForEnd(lab, started.id);
    const a = Array.from({ length: 1000 }, (_, index) => index).filter((index) => index % 10 !== 9);
    const y = a.map((value) => 2 * value + (3 * value) / 4).sort((one, other) => one - other);
    const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
    const mean = sum(y) / y.length;
    const variance = sum(y.map((value) => (value - mean) ** 2)) / (y.length - 1);
    const kinds = ['AVG', 'MIN', 'MAX', 'SUM', 'VARIANCE', 'STDDEV', 'COUNT', 'P50'] as const;
    const asked = [
      ...kinds.map((metric) => ({ metric, field: 'y', over: null })),
      // The first z is 0: a ratio over nothing is left out.
      { metric: 'AVG' as const, field: 'y', over: 'z' },
      { metric: 'COUNT' as const, field: 'y', over: 'z' },
    ];
    const found = await lab.batch.metrics(job, asked);
    const ofY = [mean, y[0]!, y.at(-1)!, sum(y), variance, Math.sqrt(variance), y.length, (y[449]! + y[450]!) / 2];
    [...ofY, 2.75, 899].forEach((value, index) => expect(found[index]).toBeCloseTo(value, 6));
    await expect(lab.batch.metrics(job, [{ metric: 'AVG', field: 'nope"; DROP', over: null }])).rejects.toMatchObject({
      code: 'BAD_USER_INPUT',
      details: { field: 'of[0].field' },
    });
    await expect(lab.batch.metrics(job, [{ metric: 'AVG', field: 'y', over: 'z.k' }])).rejects.toMatchObject({
      details: { field: 'of[0].over' },
    });
  });
});

describe('a batch prediction that is taken up again', () => {
  it.each(['PARQUET', 'JSONL'] as const)('goes on where it was, and doubles and loses nothing (%s)', async (format) => {
    const folder = temporaryFolder();
    const first = await stoppedInTheMiddle(folder, { format, location: null });
    const second = await openTestLab({ folder });
    await second.engine.resume();
    const job = await waitForEnd(second, first.id);
    expect(job).toMatchObject({ state: 'SUCCEEDED', progress: { completed: 1000n, total: 1000n } });
    const page = await second.batch.predictions(job, { after: null, limit: 2000 });
    expect(page.map(({ instanceNumber }) => instanceNumber)).toEqual(Array.from({ length: 1000 }, (_, i) => BigInt(i)));
    expect(second.serving.requests).toBeLessThan(100);
    expect(job.checkpoint?.parts.length).toBeGreaterThan(1);
  });

  it.each([
    ['goes on', 'STRING', 0],
    ['begins again where the columns had other types', 'STRUCT', 1000],
  ] as const)('from a checkpoint of an older version %s', async (_, note, predicted) => {
    const folder = temporaryFolder();
    const { id } = await stoppedInTheMiddle(folder);
    const second = await openTestLab({ folder });
    let done = 0;
    await second.store.update(id, (record) => {
      const checkpoint = LOCAL_BATCH_PREDICTION.read(record).checkpoint!;
      done = checkpoint.parts.at(-1)!.to + 1;
      const columns = [
        { name: 'a', valueType: 'INT64' },
        { name: 'b', valueType: 'DOUBLE' },
        { name: 'note', valueType: note },
      ];
      // It had no names.
      const fingerprint = checkpoint.fingerprint.replace('"in.csv" ', '');
      expect(fingerprint).toMatch(/^\d+ \d+$/);
      return { ...record, checkpoint: { ...checkpoint, columns, fingerprint } };
    });
    let instances = 0;
    second.serving.faults.onRequest = (batch) => void (instances += batch.instances.length);
    await second.engine.resume();
    const job = await waitForEnd(second, id);
    expect(second.errors).toEqual([]);
    expect(job).toMatchObject({ state: 'SUCCEEDED', progress: { completed: 1000n, total: 1000n } });
    const page = await second.batch.predictions(job, { after: null, limit: 2000 });
    expect(page.map(({ instance }) => instance.note)).toEqual(Array.from({ length: 1000 }, (__, i) => `row "${i}`));
    expect(instances).toBe(predicted || 1000 - done);
  });

  it('fails when its input changed in between', async () => {
    const folder = temporaryFolder();
    const { id } = await stoppedInTheMiddle(folder);
    const second = await openTestLab({ folder });
    await writeInput(second, 'in.csv', 'SELECT 1 AS a, 2.5 AS b, NULL AS note');
    await second.engine.resume();
    const job = await waitForEnd(second, id);
    expect(job).toMatchObject({ state: 'FAILED', error: { code: 'INPUT_CHANGED' }, result: { isPartial: true } });
  });

  it('is wrapped up when it was being cancelled', async () => {
    const folder = temporaryFolder();
    const { id } = await stoppedInTheMiddle(folder);
    const second = await openTestLab({ folder });
    await second.store.update(id, (record) => ({ ...record, state: 'CANCELLING' }));
    await second.engine.resume();
    const job = await waitForEnd(second, id);
    expect(job).toMatchObject({ state: 'CANCELLED', result: { isPartial: true } });
    const kept = await second.batch.predictions(job, { after: null, limit: 1000 });
    expect(kept).toHaveLength(Number(job.progress.completed));
    expect(second.serving.requests).toBe(0);
  });

  it('that is given up keeps what there was and says that it is not all', async () => {
    const folder = temporaryFolder();
    const { id } = await stoppedInTheMiddle(folder);
    const second = await openTestLab({ folder });
    await second.store.update(id, (record) => ({ ...record, attempts: 25 }));
    await second.engine.resume();
    const job = await waitForEnd(second, id);
    expect(job).toMatchObject({ state: 'FAILED', error: { code: 'GIVEN_UP' }, result: { isPartial: true } });
    const kept = await second.batch.predictions(job, { after: null, limit: 1000 });
    expect(kept).toHaveLength(Number(job.progress.completed));
    expect(second.serving.requests).toBe(0);
  });
});

/** A job over in.csv whose process ended after some parts were kept, and before half of it was done. */
async function stoppedInTheMiddle(
  folder: string,
  output: BatchOutput = { format: 'PARQUET', location: null },
): Promise<{ id: string }> {
  const lab = await openLab({ folder, clock: hurriedClock() });
  await writeInput(lab, 'in.csv', ROWS);
  lab.serving.faults.onRequest = async ({ instances, signal }) => {
    if ((instances[0]!.a as bigint) >= 500n) await once(signal, 'abort');
  };
  const { id } = await lab.batch.start(request(files('in.csv'), { output }));
  for await (const { progress } of (await lab.engine.follow(id))!) if (progress.completed > 100n) break;
  await lab.stop();
  return { id };
}

/** A third of a second passes whenever somebody looks: parts are kept every few batches. */
function hurriedClock(): Clock {
  let now = 1_000_000_000_000_000n;
  return () => (now += 300_000n);
}

function trainingSet(format: 'PARQUET' | 'CSV' | 'TABLE', location: string): JobRecord {
  return jobRecord({
    id: 'training-set',
    handler: TRAINING_SET_JOB.handler,
    state: 'SUCCEEDED',
    result: { output: { format, location }, columns: [], rows: 1000n },
  });
}

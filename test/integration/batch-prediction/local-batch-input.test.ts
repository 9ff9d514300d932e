import { writeFileSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { waitForEnd, request, writeInput } from '../../support/batch-prediction-lab.js';
import type { Model } from '../../../datasources/registry/prediction-model.js';
import { toClientValue } from '../../../values/client-value.js';
import type { RawValue } from '../../../values/value-type.js';
import { EVERY_VALUE_TYPE, VALUES_OF_EVERY_TYPE } from '../../support/every-value-type.js';
import { LINEAR_MODEL, LinearModelServing } from '../../support/linear-model.js';
import { openTestLab } from '../../support/test-lab.js';
import { temporaryFolder } from '../../support/temporary-folder.js';
import { INSTANCES_SQL, files, trainingSet } from '../../support/linear-model-instances.js';

describe('the input of a batch prediction', () => {
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
    await writeInput(lab, 'in.parquet', INSTANCES_SQL);
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
      await writeInput(lab, 'in.parquet', INSTANCES_SQL);
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
    await lab.offline.use((connection) =>
      connection.run(`CREATE SCHEMA labels; CREATE TABLE labels.june AS ${INSTANCES_SQL}`),
    );
    const started = await lab.batch.start(request({ kind: 'TABLE', table: 'labels.june' }, { replicas: 1 }));
    const job = await waitForEnd(lab, started.id);
    expect(job).toMatchObject({ state: 'SUCCEEDED', progress: { completed: 1000n, total: 1000n } });
    expect(await readdir(join(lab.folder, 'work'))).toEqual([]);
  });

  it('of a training set reads its output', async () => {
    const lab = await openTestLab({ folder: temporaryFolder() });
    await writeInput(lab, 'set.parquet', INSTANCES_SQL);
    const { id } = await lab.store.create(trainingSet('PARQUET', 'set.parquet'));
    const job = await waitForEnd(lab, (await lab.batch.start(request({ kind: 'TRAINING_SET', job: id }))).id);
    expect(job).toMatchObject({ state: 'SUCCEEDED', progress: { completed: 1000n, total: 1000n } });
  });
});

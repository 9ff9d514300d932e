import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { predictCommand } from '../../../cli/commands/predict.js';
import { syncCommand } from '../../../cli/commands/sync.js';
import { validateCommand } from '../../../cli/commands/validate.js';
import { trainingSetCommand } from '../../../cli/commands/training-set.js';
import { watchCommand } from '../../../cli/commands/watch.js';
import type { Model } from '../../../datasources/registry/prediction-model.js';
import { JobFailure } from '../../../jobs/job-failure.js';
import { Registry } from '../../../datasources/registry/registry.js';
import { CountableWork } from '../../support/countable-work.js';
import { RecordingBatchPredictions, RecordingTrainingSets, VALIDATION } from '../../support/job-ports.js';
import { row, smallRegistry, findSource } from '../../support/small-registry.js';
import { startTestGateway, type TestGateway } from '../../support/test-gateway.js';

const churn = {
  kind: 'model',
  name: 'churn',
  displayName: 'Churn',
  labels: {},
  inputs: [],
  outputs: [],
} as unknown as Model;

let gateway: TestGateway;
let predictions: RecordingBatchPredictions;
let trainingSets: RecordingTrainingSets;
let predicting: CountableWork;
let training: CountableWork;
let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'featuregraph-cli-'));
  predicting = new CountableWork('BATCH_PREDICTION');
  training = new CountableWork('TRAINING_SET');
  gateway = await startTestGateway(new Registry(smallRegistry().featurestores, [churn]), {
    handlers: [predicting, training],
    batchPredictions: (jobs) => (predictions = new RecordingBatchPredictions(jobs, predicting)),
    trainingSets: (jobs, stores) => (trainingSets = new RecordingTrainingSets(jobs, training, stores)),
  });
});
afterAll(async () => {
  await gateway.close();
  rmSync(folder, { recursive: true });
});

let out: string;
let shown: string;
beforeEach(() => {
  out = '';
  shown = '';
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => ((out += String(text)), true));
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => ((shown += String(text)), true));
});
afterEach(() => {
  vi.restoreAllMocks();
  process.exitCode = undefined;
  predictions.requests.length = 0;
  trainingSets.requests.length = 0;
});

/** Runs a command line as main.ts does; gives the exit code. */
const run = async (...words: string[]) => {
  const program = new Command().exitOverride();
  for (const command of [watchCommand(), predictCommand(), trainingSetCommand(), syncCommand(), validateCommand()])
    program.addCommand(command);
  await program.parseAsync([...words, '--url', gateway.url], { from: 'user' });
  const { exitCode } = process;
  process.exitCode = undefined;
  return exitCode;
};

describe('predict', () => {
  it('starts a batch prediction, shows its progress and ends with 0', async () => {
    predicting.begin(4n).count(4n).end();
    const code = await run(
      ...['predict', '--model', 'churn', '--file', 'a.csv', 'b.csv', '--batch-size', '8', '--replicas', '5'],
      ...['--parameters', '{"token_budget": 200}', '--label', 'team=risk', 'run=7=8', '--output-format', 'jsonl'],
    );
    expect(code).toBe(0);
    expect(out).toMatch(/^jobs\/[\w-]+\n$/);
    expect(shown).toMatch(/SUCCEEDED \| 4 of 4\n$/);
    expect(predictions.requests).toMatchObject([
      {
        displayName: 'Predictions of churn',
        labels: { team: 'risk', run: '7=8' },
        spec: {
          input: { kind: 'FILES', files: ['a.csv', 'b.csv'], format: 'CSV' },
          output: { format: 'JSONL', location: null },
          parameters: { token_budget: 200 },
          resources: { batchSize: 8, startingReplicaCount: 5 },
        },
      },
    ]);
  });

  it('says what the job was estimated to cost, and starts none above --max-cost-usd', async () => {
    predicting.begin(1n).count(1n).end();
    await run('predict', '--model', 'churn', '--table', 'a', '--max-cost-usd', '3.125');
    expect(out).toMatch(/^jobs\/[\w-]+\n$/);
    expect(shown).toMatch(
      /^estimated: \$3\.125 by priceBooks\/google-us-central1@.*\n {2}- The query scans 549755813888 bytes/,
    );
    await expect(run('predict', '--model', 'churn', '--table', 'a', '--max-cost-usd', '3.12')).rejects.toThrow(
      /input\.maxCostUsd: The estimate is \$3\.125, more than the \$3\.12/,
    );
  });

  it('says it before the job is started, and starts none when only the estimate is asked for', async () => {
    predicting.begin(1n).count(1n).end();
    vi.mocked(process.stderr.write).mockImplementation((text) => {
      if (String(text).startsWith('estimated')) expect(predictions.requests).toEqual([]);
      shown += String(text);
      return true;
    });
    await run('predict', '--model', 'churn', '--table', 'a');
    expect(predictions.requests).toHaveLength(1);
    expect(shown.match(/^estimated/gm)).toHaveLength(1);
    out = '';
    await run('predict', '--model', 'churn', '--table', 'a', '--estimate');
    expect(out).toMatch(/^estimated: \$3\.125 by/);
    expect(predictions.requests).toHaveLength(1);
  });

  it('takes the input from a file, where options win', async () => {
    const file = join(folder, 'predict.json');
    writeFileSync(
      file,
      JSON.stringify({
        displayName: 'From a file',
        model: 'other',
        input: { table: 'customers' },
        output: { location: 'x' },
      }),
    );
    expect(await run('predict', '--input', file, '--model', 'churn', '--no-watch')).toBeUndefined();
    expect(predictions.requests).toMatchObject([
      {
        displayName: 'From a file',
        spec: { model: 'churn', input: { table: 'customers' }, output: { location: 'x' } },
      },
    ]);
    predicting.end();
    await run('watch', out.trim());
  });

  it.each([
    [['--model', 'chrun', '--table', 'a'], /model: There is no model "chrun"\. There are: churn/],
    [['--model', 'churn'], /"input\.job\.input"; Exactly one key must be specified for OneOf type "BatchSourceInput"/],
    [['--model', 'churn', '--table', 'a', '--label', 'x'], /key=value/],
    [['--model', 'churn', '--table', 'a', '--parameters', '[1]'], /--parameters is no JSON object/],
    [['--input', '/nowhere.json'], /cannot be read/],
    [['--table', 'a'], /model/],
  ])('says what is wrong: %j', async (words, message) => {
    await expect(run('predict', ...words)).rejects.toThrow(message);
    expect(predictions.requests).toEqual([]);
  });
});

describe('training-set', () => {
  it('only says what it would cost when asked for the estimate', async () => {
    await run('training-set', '--featurestore', 'shop', '--entity-type', 'customer', '--labels', 'a.csv', '--estimate');
    expect(out).toMatch(/^estimated: \$0\.00 by priceBooks\/this-machine@/);
    expect(trainingSets.requests).toEqual([]);
    await expect(
      run('training-set', '--featurestore', 'shop', '--entity-type', 'nobody', '--labels', 'a.csv', '--estimate'),
    ).rejects.toThrow(/nobody/);
  });

  it('starts a training set, shows its progress and ends with 2 when it is one in part', async () => {
    training.begin(null).count(1n, 1n).end('PARTIALLY_SUCCEEDED');
    const code = await run(
      ...['training-set', '--featurestore', 'shop', '--entity-type', 'customer', '--labels', 'june.parquet'],
      ...[
        '--time-column',
        'at',
        '--id-column',
        'buyer',
        '--feature',
        'city',
        '--view',
        'basket',
        '--ttl-seconds',
        '60',
      ],
      ...['--with-timestamps', '--output', 'sets/june.csv', '--output-format', 'csv', '--name', 'June'],
    );
    expect(code).toBe(2);
    expect(shown).toContain('PARTIALLY_SUCCEEDED | 1 | 1 failed');
    expect(trainingSets.requests).toMatchObject([
      {
        displayName: 'June',
        labels: { kind: 'FILE', file: 'june.parquet', format: 'PARQUET', timeColumn: 'at' },
        joins: [{ entityIdColumns: ['buyer'] }],
        ttl: 60_000_000n,
        withTimestamps: true,
        options: { strictlyBefore: false },
        output: { format: 'CSV', location: 'sets/june.csv' },
      },
    ]);
  });
});

describe('a training set without a list of labels', () => {
  const customers = ['training-set', '--featurestore', 'shop', '--entity-type', 'customer'];
  const range = ['--from', '2024-01-01T00:00:00Z', '--until', '2024-01-08T00:00:00Z'];

  it('is of all entities at an interval, or of some at the events of a source', async () => {
    training.begin(1n).count(1n).end();
    await run(...customers, ...range, '--every', '1d', '--label-time-zone', 'Europe/Berlin');
    training.begin(1n).count(1n).end();
    await run(...customers, ...range, '--events-of', 'city', '--entity-id', 'ann', 'bob');
    expect(trainingSets.requests.map(({ labels: asked }) => asked)).toMatchObject([
      { kind: 'GENERATED', entityIds: null, times: { every: { unit: 'DAY', count: 1 }, timeZone: 'Europe/Berlin' } },
      { kind: 'GENERATED', entityIds: ['ann', 'bob'], times: { kind: 'EVENTS', feature: 'city' } },
    ]);
  });
});

describe('the options of a file', () => {
  const described = [
    ...['--format', 'csv', '--delimiter', ';', '--no-header', '--null-text', 'NA', '--decimal', ','],
    ...['--encoding', 'ISO-8859-1', '--compression', 'gzip', '--date-format', '%d/%m/%Y'],
    ...['--timestamp-format', '%d/%m/%Y %H:%M', '--time-zone', 'Europe/Zurich', '--date-as-moment', 'end-of-day'],
  ];
  const options = {
    ...{ delimiter: ';', header: false, nullText: 'NA', decimal: ',', encoding: 'ISO-8859-1', compression: 'GZIP' },
    ...{ dateFormat: '%d/%m/%Y', timestampFormat: '%d/%m/%Y %H:%M', timeZone: 'Europe/Zurich' },
    dateAsMoment: 'END_OF_DAY',
  };
  const labels = ['--featurestore', 'shop', '--entity-type', 'customer', '--time-column', 'column1'];

  it('all reach the labels of a training set', async () => {
    training.begin(1n).count(1n).end();
    await run('training-set', ...labels, '--id-column', 'column2', '--labels', 'a.txt', ...described);
    expect(trainingSets.requests).toMatchObject([{ labels: { file: 'a.txt', format: 'CSV', options } }]);
  });

  it('do not say that there is a header when no option says so', async () => {
    training.begin(1n).count(1n).end();
    await run('training-set', ...labels, '--labels', 'a.csv');
    const [{ labels: asked } = {}] = trainingSets.requests;
    expect(asked).toMatchObject({ file: 'a.csv', format: 'CSV' });
    expect(Object.values((asked as { options?: object }).options ?? {}).filter((value) => value != null)).toEqual([]);
  });

  it('add to the file of an input, and win over its options', async () => {
    training.begin(1n).count(1n).end();
    const file = join(folder, 'labels.json');
    const source = { file: { path: 'b.csv', delimiter: ',', decimal: '.' } };
    writeFileSync(file, JSON.stringify({ trainingSet: { labels: { source } } }));
    await run('training-set', ...labels, '--input', file, '--delimiter', '|');
    expect(trainingSets.requests).toMatchObject([
      { labels: { file: 'b.csv', options: { delimiter: '|', decimal: '.' } } },
    ]);
  });

  it('are refused with the field of the request when a value is unknown', async () => {
    await expect(
      run('training-set', ...labels, '--labels', 'a.csv', '--date-as-moment', 'noon', '--no-watch'),
    ).rejects.toThrow(/Value "NOON" does not exist in "DateMoment" enum/);
    await expect(
      run('training-set', ...labels, '--labels', 'a.csv', '--compression', 'zip', '--no-watch'),
    ).rejects.toThrow(/Value "ZIP" does not exist in "Compression" enum/);
  });

  it('all reach the files of a prediction', async () => {
    predicting.begin(1n).count(1n).end();
    await run('predict', '--model', 'churn', '--file', 'a.txt', ...described);
    expect(predictions.requests).toMatchObject([{ spec: { input: { files: ['a.txt'], format: 'CSV', options } } }]);
  });
});

describe('validate', () => {
  const words = ['validate', 'theirs.csv', '--featurestore', 'shop', '--entity-type', 'customer'];

  it('ends with 0 when nothing leaked, and prints what was found', async () => {
    const code = await run(
      ...[...words, '--time-column', 'at', '--id-column', 'who', '--delimiter', ';', '--feature', 'orders_7d', 'city'],
      ...['--column', 'orders_7d=n', 'city=town', '--full-validation', '--strictly-before', '--ttl-seconds', '0'],
    );
    expect(code).toBeUndefined();
    expect(out).toMatch(/^Leaked rows: 0\nRows compared with the history: 2.*Found: 3 expired values/s);
    expect(trainingSets.requests).toMatchObject([
      {
        labels: { kind: 'FILE', file: 'theirs.csv', format: 'CSV', options: { delimiter: ';' }, timeColumn: 'at' },
        validation: { mode: 'FULL' },
        options: { strictlyBefore: true },
        ttl: null,
      },
    ]);
    expect(trainingSets.validatedColumns).toEqual(
      new Map([
        ['orders_7d', 'n'],
        ['city', 'town'],
      ]),
    );
  });

  it('ends with 1 when values leaked, and names the rows', async () => {
    trainingSets.validation = {
      ...VALIDATION,
      leakedRows: 1n,
      offendingRows: [{ row: 7n, kind: 'LEAKED', reason: 'n: its value has 2001, the label 2000' }],
    };
    expect(await run(...words)).toBe(1);
    expect(out).toMatch(/^Leaked rows: 1\. Do not use this training set\..*label 7: LEAKED, n: its value/s);
    trainingSets.validation = VALIDATION;
  });

  it('says which field of the request is wrong', async () => {
    await expect(run('validate', 'a.csv', '--featurestore', 'shop', '--entity-type', 'nobody')).rejects.toThrow(
      /nobody/,
    );
  });
});

describe('watch', () => {
  const start = async () => {
    const { id } = await gateway.services.jobs.start(training, {
      spec: null,
      displayName: null,
      labels: {},
      createdBy: null,
      idempotencyKey: null,
    });
    return id;
  };

  it('takes an id with or without "jobs/", and ends with 1 and the reason when the job failed', async () => {
    const id = await start();
    training.fail(new JobFailure('INPUT_UNREADABLE', 'The file is empty.'));
    expect(await run('watch', id)).toBe(1);
    expect(shown).toContain('INPUT_UNREADABLE: The file is empty.');
    expect(await run('watch', `jobs/${id}`)).toBe(1);
  });

  it('ends with 3 when the job was cancelled', async () => {
    const id = await start();
    await gateway.services.jobs.cancel(id);
    expect(await run('watch', id)).toBe(3);
  });

  it('says so when there is no such job, or no gateway', async () => {
    await expect(run('watch', 'none')).rejects.toThrow('There is no job "jobs/none"');
    const watched = new Command().exitOverride().addCommand(watchCommand());
    await expect(
      watched.parseAsync(['watch', 'x', '--url', 'http://127.0.0.1:9/graphql'], { from: 'user' }),
    ).rejects.toThrow('No gateway answers at http://127.0.0.1:9/graphql');
  });

  it('draws a bar for a person', async () => {
    const isTerminal = process.stderr.isTTY;
    process.stderr.isTTY = true;
    try {
      const id = await start();
      training.begin(2n).count(2n).end();
      await run('watch', id);
      expect(shown).toMatch(/█+.*100%.*SUCCEEDED/s);
    } finally {
      process.stderr.isTTY = isTerminal;
    }
  });
});

describe('sync', () => {
  it('brings the values of a view online, shows how far it is and ends with 0', async () => {
    const source = findSource(gateway, 'shop', 'customer');
    const { featurestore } = source.entityType;
    await gateway.services.stores.offline(featurestore).append(source, [row('ann', -1, { orders_7d: 2n })]);
    expect(await run('sync', 'shop', 'basket', '--label', 'team=risk')).toBe(0);
    expect(out).toMatch(/^jobs\/[\w-]+\n$/);
    expect(shown).toMatch(/^estimated: \$0/);
    expect(shown).toMatch(/SUCCEEDED \| 1 of 1\n$/);
    const [job] = await gateway.services.jobs.list({ filter: { labels: { team: 'risk' } }, before: null, limit: 1 });
    expect(job).toMatchObject({ kind: 'FEATURE_VIEW_SYNC', spec: { featureView: 'basket' } });
  });

  it('only starts one and prints its id with --no-watch, and says what is refused', async () => {
    expect(await run('sync', 'shop', 'basket', '--no-watch')).toBeUndefined();
    expect(out).toMatch(/^jobs\/[\w-]+\n$/);
    await expect(run('sync', 'shop', 'bascket')).rejects.toThrow(
      /input\.featureView: There is no feature view "bascket"/,
    );
  });
});

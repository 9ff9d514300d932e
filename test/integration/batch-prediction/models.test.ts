import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { DuckDBInstance } from '@duckdb/node-api';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { doctor } from '../../../cli/commands/doctor.js';
import type { Gateway } from '../../../main.js';
import { ask, startJob } from '../../support/ask.js';
import { closedPort, startModelServer, type Behaviour } from '../../support/model-server.js';
import { echoGraph } from '../../support/onnx-graphs.js';
import { startShopGateway } from '../../support/shop-gateway.js';

const MODELS = join(import.meta.dirname, '../../cases/models');
const ROWS = [
  { amount: 62.5, age: 45 },
  { amount: 89.7, age: 55 },
  { amount: 77.6, age: 71 },
];

const raw =
  (text: string, status = 200): Behaviour =>
  (_, response) => {
    response.writeHead(status).end(text);
  };

/** Each as a server of Python writes it. */
const BEHAVIOURS: Readonly<Record<string, Behaviour>> = {
  '/nested': ({ instances }) => ({ predictions: instances.map(() => [0.5]) }),
  '/nan': ({ instances }, response) => {
    const predictions = instances.map(({ age }) => (age === 71 ? 'NaN' : '1.0'));
    response.writeHead(200).end(`{"predictions": [${predictions.join(', ')}]}`);
  },
  '/arrays': ({ instances }, response) => {
    if (!instances.every(Array.isArray))
      return raw('{"error": "expected a list of lists"}', 400)({ instances }, response, null!);
    return { predictions: instances.map((instance) => (instance as unknown as number[])[0]) };
  },
  '/refused': raw('{"detail": "amount must be positive, see https://ada:pw@intern.example/docs"}', 422),
  '/error200': raw('{"error": "model not loaded, token=abc123"}'),
  '/fewer': ({ instances }) => ({ predictions: instances.slice(1).map(() => 1) }),
  '/html': raw('<!doctype html><html><head><title>Sign in</title></head></html>'),
  '/broken': raw('{"error": "out of memory"}', 500),
};

const SEVERAL = [
  '{ name: label, valueType: INT64, tensor: output_label }',
  '{ name: all, valueType: DOUBLE_ARRAY, tensor: output_probability }',
  '{ name: by_class, valueType: STRUCT, tensor: output_probability }',
  "{ name: churn, valueType: DOUBLE, tensor: output_probability, class: '1' }",
].join(', ');

let gateway: Gateway;
let server: Awaited<ReturnType<typeof startModelServer>>;
let folder: string;
const log: Record<string, any>[] = [];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'featuregraph-models-'));
  server = await startModelServer(BEHAVIOURS);
  cpSync(MODELS, join(folder, 'models'), { recursive: true });
  const tensor = { name: 'x', type: 'BFLOAT16', shape: ['n', 2] } as const;
  writeFileSync(join(folder, 'models/bfloat16.onnx'), echoGraph([tensor]));
  mkdirSync(join(folder, 'data/files'), { recursive: true });
  writeFileSync(join(folder, 'data/files/batch.jsonl'), ROWS.map((row) => JSON.stringify(row)).join('\n'));
  writeFileSync(join(folder, 'data/files/amounts.csv'), 'amount\n62.5\n89.7\n');
  const inputs = 'inputs: [{ name: amount, valueType: DOUBLE }, { name: age, valueType: DOUBLE }]';
  const http = (name: string, more = '') =>
    `  - { name: h_${name}, http: { url: '${server.origin}/${name}'${more} }, ${inputs}, outputs: [{ name: p, valueType: DOUBLE }] }`;
  const stream = new Writable({
    write(line: Buffer, _encoding, done) {
      log.push(JSON.parse(line.toString()) as Record<string, unknown>);
      done();
    },
  });
  gateway = await startShopGateway(folder, {
    logger: pino({ base: null, formatters: { level: (label) => ({ level: label }) } }, stream),
    models: `
models:
  - { name: zipmap, onnx: models/zipmap-numbers.onnx, ${inputs}, outputs: [{ name: output_label, valueType: INT64 }, { name: output_probability, valueType: DOUBLE_ARRAY }] }
  - { name: unfit, onnx: models/no-zipmap.onnx, ${inputs}, outputs: [{ name: label, valueType: STRING }, { name: p, valueType: DOUBLE_ARRAY, tensor: nothing }] }
  - { name: one, onnx: models/batch-of-one.onnx, ${inputs}, outputs: [{ name: spend, valueType: DOUBLE }] }
  - { name: defaults, onnx: models/doubles.onnx, inputs: [{ name: amount, valueType: DOUBLE }, { name: age, valueType: DOUBLE, default: 40 }], outputs: [{ name: spend, valueType: DOUBLE }] }
${['nested', 'nan', 'refused', 'error200', 'fewer', 'html', 'broken'].map((name) => http(name)).join('\n')}
${http('arrays', ', instances: ARRAY')}
  - { name: nobody, http: { url: 'http://127.0.0.1:${await closedPort()}/' }, ${inputs}, outputs: [{ name: p, valueType: DOUBLE }] }
  - { name: several, onnx: models/zipmap-numbers.onnx, ${inputs}, outputs: [${SEVERAL}] }
  - { name: bfloat, onnx: models/bfloat16.onnx, ${inputs}, outputs: [{ name: y, valueType: DOUBLE }] }
`,
  });
});
afterAll(async () => {
  await gateway.stop();
  await server.close();
  rmSync(folder, { recursive: true });
});

const JOB = `query ($id: ID!) { batchPredictionJob(id: $id) {
  state error { code message } progress { completed failed }
  predictions { nodes { prediction } } failures { nodes { code message } }
} }`;

async function predict(model: string, { file = 'batch.jsonl', batchSize = 64, format = 'PARQUET' } = {}) {
  const id = await startJob(gateway.url, 'startBatchPrediction', {
    displayName: model,
    model,
    batchSize,
    input: { files: { paths: [file] } },
    output: { format },
  });
  for (;;) {
    const { batchPredictionJob: job } = await ask(gateway.url, JOB, { id });
    if (!['QUEUED', 'PENDING', 'RUNNING'].includes(job.state)) {
      return {
        id,
        state: job.state as string,
        error: job.error as { code: string; message: string } | null,
        predictions: job.predictions.nodes.map(({ prediction }: any) => prediction) as Record<string, unknown>[],
        failures: job.failures.nodes as { code: string; message: string }[],
        line: log.find((entry) => entry.job === id.replace('jobs/', '') && entry.state === job.state),
      };
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

describe('a batch prediction with an exported model', () => {
  it('has the label and the probabilities of a ZipMap', async () => {
    const { state, predictions } = await predict('zipmap');
    expect(state).toBe('SUCCEEDED');
    expect(predictions).toHaveLength(3);
    for (const { output_label: label, output_probability: probabilities } of predictions) {
      expect(['0', '1']).toContain(label);
      const [no, yes] = probabilities as number[];
      expect(no! + yes!).toBeCloseTo(1, 5);
      expect(yes! > no! ? '1' : '0').toBe(label);
    }
  });

  it.each(['PARQUET', 'JSONL'])('has every output that its entry declares, also in %s', async (format) => {
    const { id, state, predictions } = await predict('several', { format });
    expect(state).toBe('SUCCEEDED');
    expect(predictions).toHaveLength(3);
    for (const prediction of predictions) {
      expect(Object.keys(prediction)).toEqual(['label', 'all', 'by_class', 'churn']);
      const { label, all, by_class: byClass, churn } = prediction as Record<string, any>;
      expect(['0', '1']).toContain(label);
      expect(byClass).toEqual({ 0: all[0], 1: all[1] });
      expect(churn).toBe(all[1]);
    }
    const extension = format.toLowerCase();
    const file = join(folder, `data/files/batch-predictions/${id.replace('jobs/', '')}/predictions-00001.${extension}`);
    const instance = await DuckDBInstance.create(':memory:');
    const connection = await instance.connect();
    const from = format === 'PARQUET' ? `read_parquet('${file}')` : `read_json('${file}')`;
    const rows = await connection.runAndReadAll(
      `SELECT CAST(prediction.label AS VARCHAR) AS label, prediction.all AS "all", prediction.churn AS churn FROM ${from}`,
    );
    expect(rows.getRowObjectsJson()).toEqual(predictions.map(({ label, all, churn }) => ({ label, all, churn })));
    connection.closeSync();
    instance.closeSync();
  });

  it('runs row by row where the graph takes one instance', async () => {
    const { state, predictions } = await predict('one');
    expect(state).toBe('SUCCEEDED');
    expect(predictions.map(({ spend }) => typeof spend)).toEqual(['number', 'number', 'number']);
    expect(new Set(predictions.map(({ spend }) => spend)).size).toBeGreaterThan(1);
  });

  it('takes the default for a column that the input does not have', async () => {
    const { state, predictions } = await predict('defaults', { file: 'amounts.csv' });
    expect(state).toBe('SUCCEEDED');
    expect(predictions).toHaveLength(2);
    const refused = predict('zipmap', { file: 'amounts.csv' });
    await expect(refused).rejects.toThrow(/lacks columns that the model needs: age/);
  });

  it('is refused when the model does not fit, and the log said so at the start', async () => {
    const sentences = [
      'outputs[1]: \\"p\\" names the tensor \\"nothing\\", but the graph\'s outputs are label, probabilities.',
    ];
    await expect(predict('unfit')).rejects.toThrow(
      `[{"message":"The model \\"unfit\\" cannot be used. ${sentences.join(' ')}","field":["input","model"]}]`,
    );
    expect(log.filter(({ msg }) => msg === 'a model cannot be used: jobs for it are refused')).toEqual([
      expect.objectContaining({ level: 'error', model: 'unfit', path: 'models[1].outputs[1]' }),
      expect.objectContaining({ level: 'error', model: 'bfloat', path: 'models[14].onnx' }),
    ]);
  });

  it('is refused with the name of a tensor of bfloat16', async () => {
    await expect(predict('bfloat')).rejects.toThrow(
      'the gateway cannot carry the input \\"x\\" of type bfloat16, the output \\"x_out\\" of type bfloat16; cast',
    );
  });
});

describe('a batch prediction with a server', () => {
  it('takes a list of one for a single value', async () => {
    const { state, predictions } = await predict('h_nested');
    expect([state, predictions]).toEqual(['SUCCEEDED', [{ p: 0.5 }, { p: 0.5 }, { p: 0.5 }]]);
  });

  it('takes NaN as Python writes it', async () => {
    const { state, predictions } = await predict('h_nan');
    expect([state, predictions]).toEqual(['SUCCEEDED', [{ p: 1 }, { p: 1 }, { p: 'NaN' }]]);
  });

  it('sends instances as lists to a server that takes them', async () => {
    const { state, predictions } = await predict('h_arrays');
    expect([state, predictions]).toEqual(['SUCCEEDED', ROWS.map(({ amount }) => ({ p: amount }))]);
    expect(server.requests.findLast(({ path }) => path === '/arrays')!.body).toEqual({
      instances: ROWS.map(({ amount, age }) => [amount, age]),
    });
  });

  it('passes on why the server refused an instance, without its secrets', async () => {
    const { state, failures, line } = await predict('h_refused', { batchSize: 1 });
    expect(state).toBe('FAILED');
    const message = "The model's server refused it (HTTP 422): amount must be positive, see [address].";
    expect(failures).toEqual(ROWS.map(() => ({ code: 'INSTANCE_REFUSED', message })));
    expect(line).toMatchObject({ level: 'error', msg: 'a job failed', code: 'ALL_INSTANCES_FAILED', failed: 3 });
  });

  it.each([
    ['h_error200', 'gave no list of predictions for 3 instances: model not loaded, token=[secret].'],
    ['h_fewer', 'gave 2 predictions for 3 instances.'],
    ['h_html', 'gave no JSON (HTTP 200): a page of HTML, "Sign in".'],
  ])('asks once more, then ends, when the answer is none to a batch: %s', async (model, fault) => {
    const path = model.replace('h_', '/');
    const { state, error, predictions, failures, line } = await predict(model);
    expect(state).toBe('FAILED');
    expect(error).toEqual({
      code: 'INVALID_MODEL_RESPONSE',
      message: expect.stringContaining(`The server of model "${model}" ${fault}`) as string,
    });
    expect([predictions, failures]).toEqual([[], []]);
    expect(server.requests.filter((request) => request.path === path)).toHaveLength(2);
    expect(line).toMatchObject({ level: 'error', code: 'INVALID_MODEL_RESPONSE', reason: error!.message });
    expect(line!.err).toBeDefined();
    expect(JSON.stringify(line)).not.toContain('abc123');
  });
});

describe('featuregraph doctor, of models', () => {
  it('opens each model and asks each server, and says what does not fit where', async () => {
    const lines: string[] = [];
    const write = vi.spyOn(process.stdout, 'write').mockImplementation((text) => lines.push(String(text)) > 0);
    vi.stubEnv('FEATUREGRAPH_REGISTRY', join(folder, 'registry.yaml'));
    vi.stubEnv('FEATUREGRAPH_DATA_DIR', join(folder, 'data'));
    const { exitCode } = process;
    try {
      await doctor();
      expect(process.exitCode).toBe(1);
    } finally {
      process.exitCode = exitCode;
      write.mockRestore();
      vi.unstubAllEnvs();
    }
    const said = lines.join('');
    expect(said).toContain('model zipmap\n  ok       zipmap can predict what its entry says\n');
    expect(said).toContain('  fault    models[1].outputs[1]: "p" names the tensor "nothing"');
    expect(said).toMatch(/ {2}warning {2}models\[12\]: The server of model "nobody" does not answer\./);
    expect(said).toContain('  fault    models[14].onnx: the gateway cannot carry the input "x" of type bfloat16');
    expect(said).toMatch(/\n2 faults\.\n$/);
  });
});

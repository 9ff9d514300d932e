import { existsSync, readdirSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { diagnoseOnnxRuntime, requireOnnxRuntime } from '../../batch-prediction/models/onnx/onnx-runtime-package.js';
import { OnnxServing } from '../../batch-prediction/models/onnx/onnx-serving.js';
import { collect } from '../support/collect.js';
import { echoGraph, graphFile, linearGraph, slowLinearGraph } from '../support/onnx-graphs.js';
import { modelOf, predictOnce } from '../support/onnx-models.js';
import { testModel, type ModelInput } from '../support/test-model.js';
import { describeModelServing } from './model-serving.contract.js';

describeModelServing('ONNX Runtime', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'featuregraph-onnx-'));
  const inFolder = (name: string) => join(folder, name);
  await writeFile(inFolder('linear.onnx'), linearGraph());
  await writeFile(inFolder('slow.onnx'), slowLinearGraph());
  await writeFile(inFolder('broken.onnx'), 'no protobuf');
  return {
    serving: new OnnxServing(),
    model: testModel({ onnx: inFolder('linear.onnx') }),
    slow: testModel({ onnx: inFolder('slow.onnx') }),
    broken: testModel({ name: 'broken', onnx: inFolder('broken.onnx') }),
    secret: folder,
    dispose: () => rm(folder, { recursive: true }),
  };
});

const CRASHING_WORKER = join(import.meta.dirname, '../support/crashing-session-worker.ts');
const never = new AbortController().signal;

describe('an ONNX model', () => {
  it('can have one tensor an input and output, of each type, also arrays', async () => {
    const graph = echoGraph([
      { name: 'flag', type: 'BOOL', shape: ['n'] },
      { name: 'integer', type: 'INT64', shape: ['n', 1] },
      { name: 'small', type: 'INT32', shape: ['n'] },
      { name: 'number', type: 'DOUBLE', shape: ['n'] },
      { name: 'text', type: 'STRING', shape: ['n', 1] },
      { name: 'vector', type: 'FLOAT', shape: ['n', 3] },
    ]);
    const types = [
      ['flag', 'BOOL'],
      ['integer', 'INT64'],
      ['small', 'INT64'],
      ['number', 'DOUBLE'],
      ['text', 'STRING'],
      ['vector', 'DOUBLE_ARRAY'],
    ] as const;
    const model = await modelOf(graph, {
      inputs: types.map(([name, valueType]) => ({ name, valueType })),
      outputs: types.map(([name, valueType]) => ({ name: `${name}_out`, valueType })),
    });
    const instance = { flag: true, integer: 2n ** 62n + 1n, small: -7n, number: 0.1, text: 'é', vector: [1, 2, 3] };
    const [whole, other, short, large] = await predictOnce(model, [
      instance,
      { ...instance, flag: false, text: '' },
      { ...instance, vector: [1, 2] },
      { ...instance, small: 2n ** 31n },
    ]);
    expect(whole).toEqual({
      kind: 'prediction',
      prediction: {
        flag_out: true,
        integer_out: 2n ** 62n + 1n,
        small_out: -7n,
        number_out: 0.1,
        text_out: 'é',
        vector_out: [1, 2, 3],
      },
    });
    expect(other).toMatchObject({ prediction: { flag_out: false, text_out: '' } });
    expect(short).toMatchObject({
      code: 'INVALID_INPUT',
      message: 'The input "vector" has 2 elements; the model takes 3.',
    });
    expect(large).toMatchObject({ code: 'INVALID_INPUT', message: expect.stringContaining('int32') as string });
  });

  it('gets NaN for a missing value of a nullable input', async () => {
    const model = await modelOf(
      graphFile(
        [{ name: 'a', shape: ['n'] }],
        [{ name: 'y', shape: ['n'], type: 'BOOL' }],
        [{ opType: 'IsNaN', input: ['a'], output: ['y'] }],
      ),
      { inputs: [{ name: 'a', valueType: 'DOUBLE', nullable: true }], outputs: [{ name: 'y', valueType: 'BOOL' }] },
    );
    expect(await predictOnce(model, [{ a: null }, { a: 1 }, {}])).toEqual(
      [true, false, true].map((y) => ({ kind: 'prediction', prediction: { y } })),
    );
  });

  it('that does not fit its entry in the registry is refused with what to correct', async () => {
    const [a, b, c] = ['a', 'b', 'c'].map((name) => ({ name, valueType: 'DOUBLE' as const }));
    const fixed = graphFile(
      [{ name: 'x', shape: [8, 2] }],
      [{ name: 'y', shape: [8, 2] }],
      [{ opType: 'Identity', input: ['x'], output: ['y'] }],
    );
    const two = echoGraph([
      { name: 'a', type: 'FLOAT', shape: ['n'] },
      { name: 'b', type: 'INT64', shape: ['n'] },
    ]);
    const out = (name: string) => [{ name, valueType: 'DOUBLE' as const }];
    const cases: [Uint8Array, Partial<ModelInput>, RegExp][] = [
      [linearGraph(), { inputs: [a!, b!, c!] }, /"features" has 2 values an instance; the registry names 3/],
      [
        linearGraph(),
        { inputs: [a!, { name: 'b', valueType: 'STRING' }] },
        /"b" is STRING, which .*float32 cannot hold/,
      ],
      [fixed, {}, /takes exactly 8 instances at once.*FloatTensorType\(\[None, n\]\)/],
      [two, { inputs: [a!], outputs: out('a_out') }, /wants more inputs: b/],
      [two, { inputs: [a!, c!], outputs: out('a_out') }, /inputs are a, c, those of the graph are a, b/],
      [
        two,
        { inputs: [a!, { ...b!, valueType: 'INT64', nullable: true }], outputs: out('a_out') },
        /only a DOUBLE has NaN/,
      ],
    ];
    for (const [graph, model, fault] of cases) {
      await expect(predictOnce(await modelOf(graph, model), [])).rejects.toThrow(fault);
    }
  });

  it('is unavailable, and no caller waits for ever, when its threads cannot even start', async () => {
    const model = await modelOf(linearGraph());
    await expect(new OnnxServing('/nowhere/worker.js').open(model, { parallelism: 2 })).rejects.toMatchObject({
      code: 'MODEL_UNAVAILABLE',
    });
  });

  it('goes on after a worker has crashed: its batch is rejected, the next ones are not', async () => {
    const predictor = await new OnnxServing(CRASHING_WORKER).open(await modelOf(linearGraph()), { parallelism: 2 });
    const predict = (a: number) => predictor.predict({ instances: [{ a, b: 0 }], parameters: null, signal: never });
    for (let round = 0; round < 3; round += 1) {
      await expect(predict(666)).rejects.toThrow(/exited/);
      expect(await Promise.all([predict(1), predict(2)])).toMatchObject([
        [{ prediction: { y: 1 } }],
        [{ prediction: { y: 3 } }],
      ]);
    }
    await predictor.close();
  });

  it('can be closed while the thread that takes a crashed one’s place is starting', async () => {
    // Ending a thread that loads the model would end this process: nothing after this test would run.
    const model = await modelOf(linearGraph());
    for (let round = 0; round < 10; round += 1) {
      const predictor = await new OnnxServing(CRASHING_WORKER).open(model, { parallelism: 3 });
      const crash = () => predictor.predict({ instances: [{ a: 666, b: 0 }], parameters: null, signal: never });
      await Promise.allSettled([crash(), crash()]);
      await setTimeout(round * 5);
      await predictor.close();
    }
  });

  it.skipIf(!existsSync('/proc/self/task'))('waits for its batches when closed, then ends its threads', async () => {
    const threads = () => readdirSync('/proc/self/task').length;
    const predictor = await new OnnxServing().open(await modelOf(slowLinearGraph(60)), { parallelism: 3 });
    const instances = Array.from({ length: 64 }, () => ({ a: 1, b: 1 }));
    const running = [1, 2, 3].map(() => predictor.predict({ instances, parameters: null, signal: never }));
    const open = threads();
    await predictor.close();
    expect((await Promise.all(running)).flat()).toHaveLength(3 * 64);
    await expect.poll(threads).toBeLessThanOrEqual(open - 3);
  });
});

describe('the package that runs ONNX models', () => {
  // test/package has the installation without it.
  const onnx = testModel({ name: 'linear', onnx: 'linear.onnx' });
  const http = testModel({ name: 'remote', http: { url: 'http://localhost:8080' } });

  it('is looked for only when a model of the registry is an ONNX file', async () => {
    await expect(requireOnnxRuntime([http, onnx])).resolves.toBeUndefined();
    expect(diagnoseOnnxRuntime([http])).toEqual([]);
    const [diagnosis, ...others] = diagnoseOnnxRuntime([http, onnx]);
    expect(others).toEqual([]);
    expect(await collect(diagnosis!.findings)).toEqual([
      { status: 'ok', message: 'ONNX Runtime is installed and can be loaded, for "linear"' },
    ]);
  });
});

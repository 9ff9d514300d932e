import { rm, utimes, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import proto from 'onnx-proto';
import { describe, expect, it } from 'vitest';
import { OnnxServing } from '../../batch-prediction/models/onnx/onnx-serving.js';
import type { RawValue, ValueType } from '../../values/value-type.js';
import {
  echoGraph,
  graphFile,
  linearGraph,
  zipMapGraphWithWeights,
  type GraphConstant,
  type GraphInput,
} from '../support/onnx-graphs.js';
import { checkOnce, modelOf, predictOnce, valuesOf } from '../support/onnx-models.js';
import type { ModelInput } from '../support/test-model.js';

type DataType = NonNullable<GraphInput['type']>;
type Shape = readonly (number | string)[];

const field = (name: string, valueType: ValueType, more: object = {}) => ({ name, valueType, ...more });

/** Each value through a graph that gives what it is given; a code in place of a failure. */
async function echo(type: DataType, valueType: ValueType, values: readonly RawValue[]): Promise<unknown[]> {
  const graph = echoGraph([{ name: 'x', type, shape: ['n'] }]);
  const model = await modelOf(graph, { inputs: [field('x', valueType)], outputs: [field('x_out', valueType)] });
  return valuesOf(
    await predictOnce(
      model,
      values.map((x) => ({ x })),
    ),
    'x_out',
  );
}

const REFUSED = 'INVALID_INPUT';

describe('a tensor', () => {
  it.each<[DataType, bigint, bigint]>([
    ['INT8', -128n, 127n],
    ['INT16', -32768n, 32767n],
    ['INT32', -(2n ** 31n), 2n ** 31n - 1n],
    ['INT64', -(2n ** 63n), 2n ** 63n - 1n],
    ['UINT8', 0n, 255n],
    ['UINT16', 0n, 65535n],
    ['UINT32', 0n, 2n ** 32n - 1n],
    ['UINT64', 0n, 2n ** 63n - 1n],
  ])('of %s holds the integers from %s to %s, and no others', async (type, least, most) => {
    const beyond = type === 'UINT64' ? [] : [most + 1n];
    expect(await echo(type, 'INT64', [least, 1n, most, least - 1n, ...beyond])).toEqual([
      least,
      1n,
      most,
      REFUSED,
      ...beyond.map(() => REFUSED),
    ]);
    expect(await echo(type, 'DOUBLE', [36, 36.5, NaN, 1e300])).toEqual([36, REFUSED, REFUSED, REFUSED]);
    expect(await echo(type, 'BOOL', [true, false])).toEqual([true, false]);
  });

  it.each<[DataType, number, number, bigint, number]>([
    // The type, a fraction, what it is rounded to, the first integer that is not held exactly, a number beyond the type.
    ['FLOAT16', 0.1, 0.0999755859375, 2049n, 70_000],
    ['FLOAT', 0.1, 0.10000000149011612, 2n ** 24n + 1n, 1e39],
    ['DOUBLE', 0.1, 0.1, 2n ** 53n + 1n, Infinity],
  ])('of %s rounds fractions, and neither integers nor the infinite', async (type, given, rounded, inexact, beyond) => {
    expect(await echo(type, 'DOUBLE', [given, -Infinity, NaN, beyond])).toEqual([
      rounded,
      -Infinity,
      NaN,
      Number.isFinite(beyond) ? REFUSED : Infinity,
    ]);
    expect(await echo(type, 'INT64', [inexact - 1n, inexact])).toEqual([inexact - 1n, REFUSED]);
    expect(await echo(type, 'BOOL', [true, false])).toEqual([true, false]);
  });

  it('of texts holds texts, one of flags holds flags', async () => {
    expect(await echo('STRING', 'STRING', ['é', '', 'a\u0000b'.slice(0, 1)])).toEqual(['é', '', 'a']);
    expect(await echo('BOOL', 'BOOL', [true, false])).toEqual([true, false]);
  });

  it('says which value it cannot hold', async () => {
    const model = await modelOf(echoGraph([{ name: 'x', type: 'UINT8', shape: ['n'] }]), {
      inputs: [field('x', 'INT64')],
      outputs: [field('x_out', 'INT64')],
    });
    expect(await predictOnce(model, [{ x: 300n }])).toEqual([
      {
        kind: 'failure',
        code: 'INVALID_INPUT',
        message: 'The input "x" has 300, which the model\'s uint8 cannot hold exactly.',
      },
    ]);
  });

  it.each<[DataType, ValueType, readonly RawValue[], ValueType, readonly unknown[]]>([
    [
      'FLOAT',
      'DOUBLE',
      [3, 1.5, NaN, Infinity, 1e30],
      'INT64',
      [3n, 'INVALID_PREDICTION', 'INVALID_PREDICTION', 'INVALID_PREDICTION', 'INVALID_PREDICTION'],
    ],
    ['FLOAT', 'DOUBLE', [0, 1, 0.3, 2], 'BOOL', [false, true, 'INVALID_PREDICTION', 'INVALID_PREDICTION']],
    ['INT64', 'INT64', [5n, 2n ** 53n + 1n], 'DOUBLE', [5, 'INVALID_PREDICTION']],
    ['INT32', 'INT64', [5n], 'DOUBLE', [5]],
    ['BOOL', 'BOOL', [true], 'BOOL', [true]],
  ])('of %s that gives what the output cannot be has no prediction there', async (type, from, values, to, expected) => {
    const graph = echoGraph([{ name: 'x', type, shape: ['n'] }]);
    const model = await modelOf(graph, { inputs: [field('x', from)], outputs: [field('x_out', to)] });
    const outcomes = await predictOnce(
      model,
      values.map((x) => ({ x })),
    );
    expect(valuesOf(outcomes, 'x_out')).toEqual(expected);
  });

  it('of uint64 beyond INT64 has no prediction', async () => {
    const graph = graphFile(
      [{ name: 'x', type: 'UINT64', shape: ['n'] }],
      [{ name: 'y', type: 'UINT64', shape: ['n'] }],
      [{ opType: 'Add', input: ['x', 'x'], output: ['y'] }],
    );
    const model = await modelOf(graph, { inputs: [field('x', 'INT64')], outputs: [field('y', 'INT64')] });
    const [small, large] = await predictOnce(model, [{ x: 2n ** 61n }, { x: 2n ** 62n }]);
    expect(small).toMatchObject({ prediction: { y: 2n ** 62n } });
    expect(large).toEqual({
      kind: 'failure',
      code: 'INVALID_PREDICTION',
      message: 'The prediction has 9223372036854775808 for "y", which is not a value of type INT64.',
    });
  });
});

/** A graph whose output is its input, of floats. */
const identity = (input: Shape, output: Shape = input) =>
  graphFile(
    [{ name: 'x', shape: input }],
    [{ name: 'y', shape: output }],
    [{ opType: 'Identity', input: ['x'], output: ['y'] }],
  );
const PAIRS = [
  { a: 1, b: 2 },
  { a: 3, b: 4 },
  { a: 5, b: 6 },
];
const PAIRS_AS_LISTS = [
  [1, 2],
  [3, 4],
  [5, 6],
];

describe('the dimensions of a tensor', () => {
  it.each<[Shape]>([
    [['n', 2]],
    [['n', 1, 2]],
    [['n', 2, 1]],
    [['n', 1, 2, 1]],
    [['n', 'columns']],
    [[1, 2]],
    [[1, 1, 2]],
    [[1, 'columns']],
    [[2]],
    [[2, 1]],
  ])(
    'can be %j for two inputs: those of one are passed over, and without one of instances each runs alone',
    async (shape) => {
      const model = await modelOf(identity(shape), { outputs: [field('y', 'DOUBLE_ARRAY')] });
      expect(await checkOnce(model)).toEqual([]);
      expect(valuesOf(await predictOnce(model, PAIRS))).toEqual(PAIRS_AS_LISTS);
    },
  );

  it.each<[Shape, readonly number[][]]>([
    [
      ['n', 'length'],
      [[1, 2], [3], [4, 5, 6], [7, 8]],
    ],
    [['length'], [[1, 2], [3], [4, 5, 6]]],
    [
      [1, 'length'],
      [[1, 2], [3]],
    ],
    [
      ['n', 1, 'length'],
      [[1, 2], [3], [4, 5]],
    ],
    [
      ['n', 'length', 2],
      [
        [1, 2],
        [3, 4, 5, 6],
      ],
    ],
    [['n', 2, 3], [[1, 2, 3, 4, 5, 6]]],
    [
      [3],
      [
        [1, 2, 3],
        [4, 5, 6],
      ],
    ],
  ])('can be %j for an array: arrays of one length run together', async (shape, arrays) => {
    const model = await modelOf(identity(shape), {
      inputs: [field('x', 'DOUBLE_ARRAY')],
      outputs: [field('y', 'DOUBLE_ARRAY')],
    });
    expect(
      valuesOf(
        await predictOnce(
          model,
          arrays.map((x) => ({ x })),
        ),
      ),
    ).toEqual(arrays);
  });

  it('say how many elements an array has', async () => {
    const array = { inputs: [field('x', 'DOUBLE_ARRAY')], outputs: [field('y', 'DOUBLE_ARRAY')] };
    const three = await modelOf(identity(['n', 3]), array);
    expect(await predictOnce(three, [{ x: [1, 2] }])).toMatchObject([
      { code: 'INVALID_INPUT', message: 'The input "x" has 2 elements; the model takes 3.' },
    ]);
    const even = await modelOf(identity(['n', 'length', 2]), array);
    expect(await predictOnce(even, [{ x: [1, 2, 3] }])).toMatchObject([
      { code: 'INVALID_INPUT', message: 'The input "x" has 3 elements; the model takes a multiple of 2.' },
    ]);
  });

  it('of one name are of one size: ids and their mask', async () => {
    const graph = graphFile(
      [
        { name: 'ids', type: 'INT64', shape: ['n', 'length'] },
        { name: 'mask', type: 'INT64', shape: ['n', 'length'] },
      ],
      [{ name: 'y', type: 'INT64', shape: ['n', 'length'] }],
      [{ opType: 'Mul', input: ['ids', 'mask'], output: ['y'] }],
    );
    const model = await modelOf(graph, {
      inputs: [field('ids', 'INT64_ARRAY'), field('mask', 'INT64_ARRAY')],
      outputs: [field('y', 'INT64_ARRAY')],
    });
    const outcomes = await predictOnce(model, [
      { ids: [7n, 8n], mask: [1n, 0n] },
      { ids: [7n, 8n], mask: [1n] },
      { ids: [9n], mask: [1n] },
    ]);
    expect(valuesOf(outcomes)).toEqual([[7n, 0n], 'INVALID_INPUT', [9n]]);
    expect(outcomes[1]).toMatchObject({
      message: 'The input "mask" has 1 elements and "ids" has 2; the model takes them of one length.',
    });
  });

  it('may be none, for a parameter that all instances share or each has its own', async () => {
    const graph = graphFile(
      [
        { name: 'x', shape: ['n', 2] },
        { name: 'threshold', shape: [] },
      ],
      [{ name: 'y', shape: ['n', 2] }],
      [{ opType: 'Add', input: ['x', 'threshold'], output: ['y'] }],
    );
    const model = await modelOf(graph, {
      inputs: [field('a', 'DOUBLE'), field('b', 'DOUBLE'), field('threshold', 'DOUBLE', { default: 10 })],
      outputs: [field('y', 'DOUBLE_ARRAY')],
    });
    expect(valuesOf(await predictOnce(model, PAIRS))).toEqual([
      [11, 12],
      [13, 14],
      [15, 16],
    ]);
    const own = PAIRS.map((pair, index) => ({ ...pair, threshold: 100 * (index % 2) }));
    expect(valuesOf(await predictOnce(model, own))).toEqual([
      [1, 2],
      [103, 104],
      [5, 6],
    ]);
  });

  it('may count one instance inside the graph alone, which then runs instance by instance', async () => {
    const toOne: GraphConstant = { name: 'one', type: 'INT64', dims: [2], values: [1, 2] };
    const graph = graphFile(
      [{ name: 'x', shape: ['n', 2] }],
      [{ name: 'y', shape: ['n', 2] }],
      [{ opType: 'Reshape', input: ['x', 'one'], output: ['y'] }],
      [toOne],
    );
    const model = await modelOf(graph, { outputs: [field('y', 'DOUBLE_ARRAY')] });
    expect(await checkOnce(model)).toEqual([]);
    expect(valuesOf(await predictOnce(model, PAIRS))).toEqual(PAIRS_AS_LISTS);
  });

  it.each<[Shape]>([[[1, 2]], [[1]], [['n', 7]], [[]], [['a', 'b', 'c']]])(
    'are a hint where an output declares %j',
    async (declared) => {
      const model = await modelOf(identity(['n', 2], declared), { outputs: [field('y', 'DOUBLE_ARRAY')] });
      expect(await checkOnce(model)).toEqual([]);
      expect(valuesOf(await predictOnce(model, PAIRS))).toEqual(PAIRS_AS_LISTS);
    },
  );

  it.each<[string, number[]]>([
    ['n, 1, 1', [-1, 1, 1]],
    ['n, 1', [-1, 1]],
    ['n', [-1]],
  ])('of an output can be %s for one value', async (_, sizes) => {
    const graph = graphFile(
      [{ name: 'x', shape: ['n'] }],
      [{ name: 'y', shape: ['n'] }],
      [{ opType: 'Reshape', input: ['x', 'sizes'], output: ['y'] }],
      [{ name: 'sizes', type: 'INT64', dims: [sizes.length], values: sizes }],
    );
    const model = await modelOf(graph, { inputs: [field('a', 'DOUBLE')] });
    expect(valuesOf(await predictOnce(model, PAIRS))).toEqual([1, 3, 5]);
  });
});

describe('the fields of a model and the tensors of its graph', () => {
  /** y = x + z, element by element; s = z. */
  const sum = () =>
    graphFile(
      [
        { name: 'x', shape: ['n', 2] },
        { name: 'z', shape: ['n', 2] },
      ],
      [
        { name: 'y', shape: ['n', 2] },
        { name: 's', shape: ['n', 2] },
      ],
      [
        { opType: 'Add', input: ['x', 'z'], output: ['y'] },
        { opType: 'Identity', input: ['z'], output: ['s'] },
      ],
    );
  const instance = { a: 1, b: 2, c: 10, d: 20 };
  const four: ModelInput['inputs'] = [
    field('a', 'DOUBLE', { tensor: 'x' }),
    field('c', 'DOUBLE', { tensor: 'z' }),
    field('b', 'DOUBLE', { tensor: 'x' }),
    field('d', 'DOUBLE', { tensor: 'z' }),
  ];

  it('are paired by "tensor", in the order of the registry', async () => {
    const model = await modelOf(sum(), {
      inputs: four,
      outputs: [
        field('first', 'DOUBLE', { tensor: 'y' }),
        field('all', 'DOUBLE_ARRAY', { tensor: 's' }),
        field('second', 'DOUBLE', { tensor: 'y' }),
      ],
    });
    expect(await predictOnce(model, [instance])).toEqual([
      { kind: 'prediction', prediction: { first: 11, all: [10, 20], second: 22 } },
    ]);
  });

  it.each<[string, ModelInput['inputs']]>([
    [
      'the type of each',
      [field('x', 'DOUBLE', { columns: ['a', 'b'] }), field('z', 'DOUBLE', { columns: ['c', 'd'] })],
    ],
    [
      'the type of all',
      [field('x', 'DOUBLE_ARRAY', { columns: ['a', 'b'] }), field('z', 'DOUBLE_ARRAY', { columns: ['c', 'd'] })],
    ],
    [
      'a name of their own',
      [
        field('one', 'DOUBLE', { tensor: 'x', columns: ['a', 'b'] }),
        field('two', 'DOUBLE', { tensor: 'z', columns: ['c', 'd'] }),
      ],
    ],
  ])('are grouped by "columns", with %s', async (_, inputs) => {
    const model = await modelOf(sum(), { inputs, outputs: [field('y', 'DOUBLE', { columns: ['first', 'second'] })] });
    expect(model.inputs.map(({ name, valueType }) => [name, valueType])).toEqual(
      ['a', 'b', 'c', 'd'].map((name) => [name, 'DOUBLE']),
    );
    expect(await predictOnce(model, [instance])).toEqual([
      { kind: 'prediction', prediction: { first: 11, second: 22 } },
    ]);
  });

  it('that are several and have no tensor of their own are in the one that is left', async () => {
    const model = await modelOf(sum(), {
      inputs: [field('a', 'DOUBLE'), field('b', 'DOUBLE'), field('z', 'DOUBLE_ARRAY')],
      outputs: [field('y', 'DOUBLE_ARRAY')],
    });
    expect(valuesOf(await predictOnce(model, [{ a: 1, b: 2, z: [10, 20] }]))).toEqual([[11, 22]]);
  });

  it('are said to be at fault all at once, each with its place', async () => {
    const model = await modelOf(sum(), {
      inputs: [field('x', 'DOUBLE', { columns: ['a', 'b', 'e'] }), field('z', 'STRING', { columns: ['c', 'd'] })],
      outputs: [field('y', 'DOUBLE'), field('all', 'BYTES', { tensor: 's' }), field('misspelt', 'DOUBLE')],
    });
    const faults = await checkOnce(model);
    expect(faults).toEqual([
      {
        path: 'inputs[0].columns[0]',
        message: 'the graph\'s input "x" has 2 values an instance; the registry names 3.',
      },
      {
        path: 'inputs[1].columns[0]',
        message: '"c" is STRING, which the graph\'s input "z" of type float32 cannot hold.',
      },
      {
        path: 'outputs[2]',
        message:
          'its outputs are y, all, misspelt, those of the graph are y, s; say with "tensor" which tensor has "misspelt".',
      },
      { path: 'outputs[1]', message: '"all" is BYTES, which the graph\'s output "s" of type float32 cannot be.' },
    ]);
    await expect(new OnnxServing().open(model, { parallelism: 1 })).rejects.toMatchObject({
      code: 'MODEL_UNAVAILABLE',
      message: `The model "linear" cannot be used. ${faults.map(({ path, message }) => `${path}: ${message}`).join(' ')}`,
    });
  });

  it.each<[string, Partial<ModelInput>, { path: string; message: string | RegExp }]>([
    [
      'an output that is not there',
      { inputs: four, outputs: [field('scroe', 'DOUBLE_ARRAY')] },
      {
        path: 'outputs[0]',
        message: 'its outputs are scroe, those of the graph are y, s; say with "tensor" which tensor has "scroe".',
      },
    ],
    [
      'a tensor that is not there',
      { inputs: four, outputs: [field('score', 'DOUBLE_ARRAY', { tensor: 'Y' })] },
      { path: 'outputs[0]', message: '"score" names the tensor "Y", but the graph\'s outputs are y, s.' },
    ],
    [
      'an input that is missing',
      { inputs: [field('x', 'DOUBLE_ARRAY')], outputs: [field('y', 'DOUBLE_ARRAY')] },
      { path: 'inputs', message: 'the graph wants more inputs: z.' },
    ],
    [
      'an output of more values, which only a run shows',
      { inputs: four, outputs: [field('score', 'DOUBLE', { tensor: 'y' })] },
      { path: 'outputs[0]', message: 'The graph\'s output "y" has 2 values an instance; the registry names 1.' },
    ],
    [
      'a missing value in integers',
      {
        inputs: four.map((input) => ({ ...input, valueType: 'INT64' as const, nullable: input.name === 'a' })),
        outputs: [field('y', 'DOUBLE_ARRAY')],
      },
      { path: 'inputs[0]', message: /^"a" is nullable, but only a DOUBLE has NaN/ },
    ],
    [
      'an array beside another input',
      {
        inputs: [
          field('a', 'DOUBLE_ARRAY', { tensor: 'x' }),
          field('b', 'DOUBLE', { tensor: 'x' }),
          field('z', 'DOUBLE_ARRAY'),
        ],
        outputs: [field('y', 'DOUBLE_ARRAY')],
      },
      { path: 'inputs[0]', message: /^"a" is DOUBLE_ARRAY, and an array is alone in its tensor/ },
    ],
  ])('do not fit: %s', async (_, model, { path, message }) => {
    const faults = await checkOnce(await modelOf(sum(), model));
    expect(faults).toEqual([
      { path, message: typeof message === 'string' ? message : (expect.stringMatching(message) as string) },
    ]);
  });

  it.each<[string, GraphInput, GraphInput]>([
    ['input "x"', { name: 'x', shape: ['n'], type: 'BFLOAT16' }, { name: 'y', shape: ['n'] }],
    ['output "y"', { name: 'x', shape: ['n'] }, { name: 'y', shape: ['n'], type: 'BFLOAT16' }],
  ])('are refused by name where no type of the gateway is theirs: %s', async (tensor, input, output) => {
    const to = proto.onnx.TensorProto.DataType[output.type ?? 'FLOAT'];
    const attribute = [{ name: 'to', type: proto.onnx.AttributeProto.AttributeType.INT, i: to }];
    const graph = graphFile([input], [output], [{ opType: 'Cast', input: ['x'], output: ['y'], attribute }]);
    const model = await modelOf(graph, { inputs: [field('x', 'DOUBLE')] });
    const message = `the gateway cannot carry the ${tensor} of type bfloat16; cast it to float32 in the graph.`;
    expect(await checkOnce(model)).toEqual([{ path: 'onnx', message }]);
    await expect(new OnnxServing().open(model, { parallelism: 1 })).rejects.toMatchObject({
      code: 'MODEL_UNAVAILABLE',
      message: `The model "linear" cannot be used. onnx: ${message}`,
    });
  });

  it('leave out inputs that the graph has a value for', async () => {
    const graph = graphFile(
      [
        { name: 'x', shape: ['n', 2] },
        { name: 'weights', shape: [2, 1] },
      ],
      [{ name: 'y', shape: ['n', 1] }],
      [{ opType: 'MatMul', input: ['x', 'weights'], output: ['y'] }],
      [{ name: 'weights', dims: [2, 1], values: [2, 3] }],
    );
    expect(valuesOf(await predictOnce(await modelOf(graph), PAIRS))).toEqual([8, 18, 28]);
  });
});

describe('an ONNX file', () => {
  it('may have a ZipMap, and its weights in a file of their own', async () => {
    const { graph, weights } = zipMapGraphWithWeights('model.data');
    const model = await modelOf(graph, {
      inputs: [field('x', 'DOUBLE', { columns: ['a', 'b'] })],
      outputs: [
        field('label', 'INT64'),
        field('scores', 'STRUCT', { tensor: 'by_class' }),
        field('yes', 'DOUBLE', { tensor: 'by_class', class: 'yes' }),
      ],
    });
    const serving = new OnnxServing();
    const missing = [{ path: 'onnx', message: 'it has external data, and the file of that is not beside it.' }];
    expect(await serving.check(model)).toEqual(missing);
    const data = join(dirname(model.location), 'model.data');
    await writeFile(data, weights);
    expect(await serving.check(model)).toEqual([]);
    await rm(data);
    expect(await serving.check(model)).toEqual(missing);
    await writeFile(data, weights);
    expect(
      await predictOnce(model, [
        { a: 1, b: 1 },
        { a: -1, b: 0 },
      ]),
    ).toEqual([
      { kind: 'prediction', prediction: { label: 1n, scores: { no: 4, yes: 6 }, yes: 6 } },
      { kind: 'prediction', prediction: { label: 0n, scores: { no: -1, yes: -2 }, yes: -2 } },
    ]);
  });

  it.each<[string, () => Uint8Array | string, RegExp]>([
    ['that is text', () => 'no protobuf', /^its file is not an ONNX model/],
    ['that is empty', () => '', /^its file is not an ONNX model, or a part of one\.$/],
    [
      'of which the end is missing',
      () => linearGraph().slice(0, -20),
      /^its file is not an ONNX model, or a part of one\.$/,
    ],
    [
      'with an unknown operator',
      () =>
        graphFile(
          [{ name: 'x', shape: ['n'] }],
          [{ name: 'y', shape: ['n'] }],
          [{ opType: 'Frobnicate', input: ['x'], output: ['y'] }],
        ),
      /^its file is not an ONNX model that ONNX Runtime can run\. It says: .*Frobnicate/,
    ],
  ])('%s is one fault, in one sentence without its path', async (_, graph, sentence) => {
    const model = await modelOf(graph());
    const [fault, ...others] = await checkOnce(model);
    expect(others).toEqual([]);
    expect(fault).toEqual({ path: 'onnx', message: expect.stringMatching(sentence) as string });
    expect(fault!.message).not.toMatch(/\/|\\|\n/);
  });

  it('that is not there, or a folder, is one fault', async () => {
    const model = await modelOf(linearGraph());
    await rm(model.location);
    const missing = [{ path: 'onnx', message: 'its file is not there or cannot be read.' }];
    expect(await checkOnce(model)).toEqual(missing);
    expect(await checkOnce({ ...model, location: '/' })).toEqual(missing);
  });

  it('is looked at again when it has changed, and not before', async () => {
    const serving = new OnnxServing();
    const model = await modelOf('no protobuf');
    const found = await serving.check(model);
    expect(found).toHaveLength(1);
    expect(await serving.check(model)).toBe(found);
    await writeFile(model.location, linearGraph());
    expect(await serving.check(model)).toEqual([]);
    await writeFile(model.location, 'no protobuf');
    await utimes(model.location, 1, 1);
    expect(await serving.check(model)).toHaveLength(1);
  });
});

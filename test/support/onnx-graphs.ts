import proto, { type onnx as Onnx } from 'onnx-proto';

const { onnx } = proto;
const { DataType } = onnx.TensorProto;

type Shape = readonly (number | string)[];

export interface GraphInput {
  readonly name: string;
  readonly shape: Shape;
  readonly type?: keyof typeof DataType;
}

export interface GraphConstant {
  readonly name: string;
  readonly dims: readonly number[];
  readonly values: readonly number[];
  readonly type?: 'FLOAT' | 'INT64';
}

/** An ONNX file of these nodes. What exporters of others make is in test/cases/models. */
export function graphFile(
  inputs: readonly GraphInput[],
  outputs: readonly GraphInput[],
  nodes: readonly Onnx.INodeProto[],
  constants: readonly GraphConstant[] = [],
): Uint8Array {
  return onnx.ModelProto.encode({
    irVersion: 8,
    opsetImport: [{ domain: '', version: 15 }],
    graph: {
      name: 'test',
      node: [...nodes],
      input: inputs.map(valueInfo),
      output: outputs.map(valueInfo),
      initializer: constants.map(({ name, dims, values, type = 'FLOAT' }) => ({
        name,
        dataType: DataType[type],
        dims: [...dims],
        ...(type === 'FLOAT' ? { floatData: [...values] } : { int64Data: [...values] }),
      })),
    },
  }).finish();
}

function valueInfo({ name, shape, type = 'FLOAT' }: GraphInput): Onnx.IValueInfoProto {
  const dim = shape.map((size) => (typeof size === 'number' ? { dimValue: size } : { dimParam: size }));
  return { name, type: { tensorType: { elemType: DataType[type], shape: { dim } } } };
}

const ROWS = 'rows';

/** y = 2a + 3b - 1, over one tensor of both. */
export function linearGraph(): Uint8Array {
  return graphFile(
    [{ name: 'features', shape: [ROWS, 2] }],
    [{ name: 'y', shape: [ROWS, 1] }],
    [{ opType: 'Gemm', input: ['features', 'weights', 'bias'], output: ['y'] }],
    [
      { name: 'weights', dims: [2, 1], values: [2, 3] },
      { name: 'bias', dims: [1], values: [-1] },
    ],
  );
}

/** The same answer a good while later: the way goes through products of large matrices of zeros. */
export function slowLinearGraph(products = 300, size = 512): Uint8Array {
  const zeros = { name: 'zeros', dims: [size, size], values: new Array<number>(size * size).fill(0) };
  const chain = Array.from({ length: products }, (_, index): Onnx.INodeProto => ({
    opType: 'MatMul',
    input: [index === 0 ? 'wide' : `product${index - 1}`, 'zeros'],
    output: [`product${index}`],
  }));
  return graphFile(
    [{ name: 'features', shape: [ROWS, 2] }],
    [{ name: 'y', shape: [ROWS, 1] }],
    [
      { opType: 'MatMul', input: ['features', 'widen'], output: ['wide'] },
      ...chain,
      { opType: 'MatMul', input: [`product${products - 1}`, 'narrow'], output: ['nothing'] },
      { opType: 'Gemm', input: ['features', 'weights', 'bias'], output: ['linear'] },
      { opType: 'Add', input: ['linear', 'nothing'], output: ['y'] },
    ],
    [
      zeros,
      { name: 'widen', dims: [2, size], values: new Array<number>(2 * size).fill(1) },
      { name: 'narrow', dims: [size, 1], values: new Array<number>(size).fill(1) },
      { name: 'weights', dims: [2, 1], values: [2, 3] },
      { name: 'bias', dims: [1], values: [-1] },
    ],
  );
}

/** One input and one output of each given kind, the output equal to the input. */
export function echoGraph(
  kinds: readonly { readonly name: string; readonly type: keyof typeof DataType; readonly shape: Shape }[],
): Uint8Array {
  return graphFile(
    kinds,
    kinds.map((kind) => ({ ...kind, name: `${kind.name}_out` })),
    kinds.map(({ name }) => ({ opType: 'Identity', input: [name], output: [`${name}_out`] })),
  );
}

/** A classifier with a ZipMap at its end, and with its weights, by 2 × 2 floats, in a file of their own beside it. */
export function zipMapGraphWithWeights(location: string): { readonly graph: Uint8Array; readonly weights: Uint8Array } {
  const { AttributeType } = onnx.AttributeProto;
  const graph = onnx.ModelProto.encode({
    irVersion: 8,
    opsetImport: [
      { domain: '', version: 15 },
      { domain: 'ai.onnx.ml', version: 3 },
    ],
    graph: {
      name: 'test',
      node: [
        { opType: 'MatMul', input: ['x', 'weights'], output: ['scores'] },
        {
          opType: 'ArgMax',
          input: ['scores'],
          output: ['label'],
          attribute: [
            { name: 'axis', type: AttributeType.INT, i: 1 },
            { name: 'keepdims', type: AttributeType.INT, i: 0 },
          ],
        },
        {
          opType: 'ZipMap',
          domain: 'ai.onnx.ml',
          input: ['scores'],
          output: ['by_class'],
          attribute: [
            {
              name: 'classlabels_strings',
              type: AttributeType.STRINGS,
              strings: [Buffer.from('no'), Buffer.from('yes')],
            },
          ],
        },
      ],
      input: [valueInfo({ name: 'x', shape: [ROWS, 2] })],
      output: [
        valueInfo({ name: 'label', shape: [ROWS], type: 'INT64' }),
        {
          name: 'by_class',
          type: {
            sequenceType: {
              elemType: {
                mapType: { keyType: DataType.STRING, valueType: { tensorType: { elemType: DataType.FLOAT } } },
              },
            },
          },
        },
      ],
      initializer: [
        {
          name: 'weights',
          dataType: DataType.FLOAT,
          dims: [2, 2],
          dataLocation: onnx.TensorProto.DataLocation.EXTERNAL,
          externalData: [
            { key: 'location', value: location },
            { key: 'offset', value: '0' },
            { key: 'length', value: '16' },
          ],
        },
      ],
    },
  }).finish();
  return { graph, weights: new Uint8Array(new Float32Array([1, 2, 3, 4]).buffer) };
}

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

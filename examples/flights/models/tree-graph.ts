import proto, { type onnx as Onnx } from 'onnx-proto';
import type { BoostedTrees } from './gradient-boosting.js';

// The package is CommonJS, and Node finds no named exports in it.
const { onnx } = proto;
const { AttributeType } = onnx.AttributeProto;
const FLOAT = onnx.TensorProto.DataType.FLOAT;

/**
 * The trees as an ONNX model: one float tensor [rows, inputs] in, one [rows, 1] out, and between them one
 * TreeEnsembleRegressor. A missing value is NaN, and each node says which way it goes.
 */
export function treeGraph(model: BoostedTrees, inputs: readonly string[], output: string): Uint8Array {
  const nodes = model.trees.flatMap((tree, treeId) =>
    tree.values.map((value, nodeId) => ({
      treeId,
      nodeId,
      value,
      isLeaf: tree.lefts[nodeId] === -1,
      feature: tree.features[nodeId]!,
      threshold: tree.thresholds[nodeId]!,
      isMissingLeft: tree.isMissingLeft[nodeId]!,
      left: Math.max(0, tree.lefts[nodeId]!),
      right: Math.max(0, tree.rights[nodeId]!),
    })),
  );
  const leaves = nodes.filter(({ isLeaf }) => isLeaf);
  const node = onnx.NodeProto.create({
    opType: 'TreeEnsembleRegressor',
    domain: 'ai.onnx.ml',
    name: 'trees',
    input: ['features'],
    output: [output],
    attribute: [
      integers(
        'nodes_treeids',
        nodes.map(({ treeId }) => treeId),
      ),
      integers(
        'nodes_nodeids',
        nodes.map(({ nodeId }) => nodeId),
      ),
      integers(
        'nodes_featureids',
        nodes.map(({ feature }) => feature),
      ),
      strings(
        'nodes_modes',
        nodes.map(({ isLeaf }) => (isLeaf ? 'LEAF' : 'BRANCH_LEQ')),
      ),
      floats(
        'nodes_values',
        nodes.map(({ threshold }) => threshold),
      ),
      integers(
        'nodes_truenodeids',
        nodes.map(({ left }) => left),
      ),
      integers(
        'nodes_falsenodeids',
        nodes.map(({ right }) => right),
      ),
      integers(
        'nodes_missing_value_tracks_true',
        nodes.map(({ isMissingLeft }) => Number(isMissingLeft)),
      ),
      integers(
        'target_treeids',
        leaves.map(({ treeId }) => treeId),
      ),
      integers(
        'target_nodeids',
        leaves.map(({ nodeId }) => nodeId),
      ),
      integers(
        'target_ids',
        leaves.map(() => 0),
      ),
      floats(
        'target_weights',
        leaves.map(({ value }) => value),
      ),
      integers('n_targets', 1),
      floats('base_values', [model.base]),
    ],
  });
  return onnx.ModelProto.encode(
    onnx.ModelProto.create({
      irVersion: 8,
      producerName: 'featuregraph examples/flights/models',
      docString: `Inputs in order: ${inputs.join(', ')}.`,
      opsetImport: [
        { domain: '', version: 15 },
        { domain: 'ai.onnx.ml', version: 3 },
      ],
      graph: {
        name: output,
        node: [node],
        input: [tensor('features', inputs.length)],
        output: [tensor(output, 1)],
      },
    }),
  ).finish();
}

function tensor(name: string, width: number): Onnx.IValueInfoProto {
  return {
    name,
    type: { tensorType: { elemType: FLOAT, shape: { dim: [{ dimParam: 'rows' }, { dimValue: width }] } } },
  };
}

function integers(name: string, values: number | number[]): Onnx.IAttributeProto {
  return typeof values === 'number'
    ? { name, type: AttributeType.INT, i: values }
    : { name, type: AttributeType.INTS, ints: values };
}

function floats(name: string, values: number[]): Onnx.IAttributeProto {
  return { name, type: AttributeType.FLOATS, floats: values };
}

function strings(name: string, values: string[]): Onnx.IAttributeProto {
  return { name, type: AttributeType.STRINGS, strings: values.map((value) => Buffer.from(value)) };
}

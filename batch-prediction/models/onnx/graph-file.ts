import { access, readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { readFields, readPackedIntegers, writeField, writeInteger } from './protobuf-fields.js';

/** The properties of an ONNX file that the gateway needs before ONNX Runtime opens it. */
export interface GraphFile {
  /** The model to open: the path, or the bytes if a ZipMap was replaced. */
  readonly model: string | Uint8Array;
  /** The folder of weights in files of their own: bytes have no folder. */
  readonly folder: string;
  /** The paths of these files. */
  readonly weights: readonly string[];
  /** The classes of each output that was a ZipMap, in the order of its tensor. */
  readonly classes: ReadonlyMap<string, readonly string[]>;
  /** The inputs and outputs of types that ONNX Runtime for Node.js cannot describe, in words for messages. */
  readonly strange: readonly string[];
}

/**
 * The reason why an ONNX file cannot be opened, in a sentence for operators and clients. It does not contain the path.
 */
export class GraphFileFault extends Error {
  override readonly name = 'GraphFileFault';

  constructor(
    message: string,
    /** `weights`: the paths of the files of weights that the graph names, as far as they are known. */
    { cause, weights = [] }: { readonly cause?: unknown; readonly weights?: readonly string[] } = {},
  ) {
    super(message, { cause });
    this.weights = weights;
  }

  readonly weights: readonly string[];
}

/** The field numbers of onnx.proto. */
const MODEL = { graph: 7, opsetImport: 8 } as const;
const OPSET = { domain: 1, version: 2 } as const;
const GRAPH = { node: 1, initializer: 5, input: 11, output: 12 } as const;
const NODE = { input: 1, output: 2, opType: 4, attribute: 5 } as const;
const ATTRIBUTE = { name: 1, ints: 8, strings: 9 } as const;
const VALUE_INFO = { name: 1, type: 2 } as const;
const TYPE = { tensor: 1 } as const;
const TENSOR_TYPE = { elementType: 1 } as const;
const TENSOR = { externalData: 13 } as const;
const ENTRY = { key: 1, value: 2 } as const;
const FLOAT = 1;

/** Types of onnx.proto that its binding for Node.js has no name for. */
const STRANGE_TYPES: ReadonlyMap<number, string> = new Map([
  [14, 'complex64'],
  [15, 'complex128'],
  [16, 'bfloat16'],
  [17, 'float8e4m3fn'],
  [18, 'float8e4m3fnuz'],
  [19, 'float8e5m2'],
  [20, 'float8e5m2fnuz'],
  [23, 'float4e2m1'],
  [24, 'float8e8m0'],
]);

interface ZipMap {
  readonly input: string;
  readonly output: string;
  readonly classes: readonly string[];
}

/**
 * Reads an ONNX file and replaces each ZipMap with an Identity, so that all names stay the same. The exporters of
 * scikit-learn end a classifier with a ZipMap. It converts a tensor to a sequence of maps, which the gateway would have
 * to convert back. Throws a GraphFileFault for a file that is missing, invalid or incomplete.
 */
export async function readGraphFile(path: string): Promise<GraphFile> {
  const bytes = await readFile(path).catch((cause: unknown) => {
    throw new GraphFileFault('its file is not there or cannot be read', { cause });
  });
  try {
    const graph = firstOf(bytes, MODEL.graph);
    if (!graph) throw new Error('the message has no graph');
    const zipMaps = findZipMaps(graph);
    const folder = dirname(path);
    const weights = findWeights(graph, folder);
    await requireWeights(weights);
    const classes = new Map(zipMaps.map(({ output, classes: names }) => [output, names]));
    const model = zipMaps.length === 0 ? path : replaceZipMaps(bytes, zipMaps);
    return { model, folder, weights, classes, strange: findStrangeTensors(graph) };
  } catch (cause) {
    if (cause instanceof GraphFileFault) throw cause;
    throw new GraphFileFault('its file is not an ONNX model, or a part of one', { cause });
  }
}

/** Returns only the ZipMaps that are outputs of the graph: another node that reads a ZipMap needs the map. */
function findZipMaps(graph: Uint8Array): ZipMap[] {
  const outputs = new Set<string>();
  const zipMaps: ZipMap[] = [];
  for (const { number, bytes } of readFields(graph)) {
    if (number === GRAPH.output) outputs.add(toText(firstOf(bytes, VALUE_INFO.name)));
    if (number === GRAPH.node && toText(firstOf(bytes, NODE.opType)) === 'ZipMap') zipMaps.push(readZipMap(bytes));
  }
  return zipMaps.filter(({ output }) => outputs.has(output));
}

function readZipMap(node: Uint8Array): ZipMap {
  const classes: string[] = [];
  for (const { number, bytes: attribute } of readFields(node)) {
    if (number !== NODE.attribute || !toText(firstOf(attribute, ATTRIBUTE.name)).startsWith('classlabels_')) continue;
    for (const { number: part, bytes, integer } of readFields(attribute)) {
      if (part === ATTRIBUTE.strings) classes.push(toText(bytes));
      // An exporter may write a list of integers packed or unpacked.
      if (part === ATTRIBUTE.ints)
        classes.push(...(bytes.length > 0 ? readPackedIntegers(bytes) : [integer]).map(String));
    }
  }
  return { input: toText(firstOf(node, NODE.input)), output: toText(firstOf(node, NODE.output)), classes };
}

/** The paths of weights in separate files. */
function findWeights(graph: Uint8Array, folder: string): string[] {
  const files = new Set<string>();
  for (const { number, bytes } of readFields(graph)) {
    if (number !== GRAPH.initializer) continue;
    for (const { number: part, bytes: entry } of readFields(bytes)) {
      if (part !== TENSOR.externalData || toText(firstOf(entry, ENTRY.key)) !== 'location') continue;
      files.add(resolve(folder, toText(firstOf(entry, ENTRY.value))));
    }
  }
  return [...files];
}

async function requireWeights(weights: readonly string[]): Promise<void> {
  for (const file of weights) {
    await access(file).catch((cause: unknown) => {
      throw new GraphFileFault('it has external data, and the file of that is not beside it', { cause, weights });
    });
  }
}

function findStrangeTensors(graph: Uint8Array): string[] {
  const found: string[] = [];
  for (const { number, bytes } of readFields(graph)) {
    if (number !== GRAPH.input && number !== GRAPH.output) continue;
    const type = STRANGE_TYPES.get(Number(elementType(bytes)));
    const side = number === GRAPH.input ? 'input' : 'output';
    if (type !== undefined) found.push(`${side} "${toText(firstOf(bytes, VALUE_INFO.name))}" of type ${type}`);
  }
  return found;
}

/** 0n: no tensor. */
function elementType(valueInfo: Uint8Array): bigint {
  const type = firstOf(valueInfo, VALUE_INFO.type);
  const tensor = type && firstOf(type, TYPE.tensor);
  for (const { number, integer } of tensor ? readFields(tensor) : []) {
    if (number === TENSOR_TYPE.elementType) return integer;
  }
  return 0n;
}

function replaceZipMaps(model: Uint8Array, zipMaps: readonly ZipMap[]): Uint8Array {
  const parts: Uint8Array[] = [];
  let hasStandardOperators = false;
  for (const { number, bytes, whole } of readFields(model)) {
    if (number === MODEL.opsetImport) hasStandardOperators ||= isStandardDomain(toText(firstOf(bytes, OPSET.domain)));
    parts.push(number === MODEL.graph ? writeField(number, rewriteGraph(bytes, zipMaps)) : whole);
  }
  // Some converters import only the operators of classical models. Identity has not changed since version 1.
  if (!hasStandardOperators) parts.push(writeField(MODEL.opsetImport, writeInteger(OPSET.version, 13)));
  return Buffer.concat(parts);
}

function rewriteGraph(graph: Uint8Array, zipMaps: readonly ZipMap[]): Uint8Array {
  const byOutput = new Map(zipMaps.map((zipMap) => [zipMap.output, zipMap]));
  const parts = Array.from(readFields(graph), ({ number, bytes, whole }) => {
    if (number === GRAPH.node && toText(firstOf(bytes, NODE.opType)) === 'ZipMap') {
      const zipMap = byOutput.get(toText(firstOf(bytes, NODE.output)));
      return zipMap ? writeField(number, identity(zipMap)) : whole;
    }
    if (number !== GRAPH.output) return whole;
    const name = toText(firstOf(bytes, VALUE_INFO.name));
    return byOutput.has(name) ? writeField(number, floatTensor(name)) : whole;
  });
  return Buffer.concat(parts);
}

function identity({ input, output }: ZipMap): Uint8Array {
  return Buffer.concat([
    writeField(NODE.input, Buffer.from(input)),
    writeField(NODE.output, Buffer.from(output)),
    writeField(NODE.opType, Buffer.from('Identity')),
  ]);
}

/** The input of a ZipMap is always a tensor of floats. ONNX Runtime infers a shape that is absent. */
function floatTensor(name: string): Uint8Array {
  const tensor = writeField(TYPE.tensor, writeInteger(TENSOR_TYPE.elementType, FLOAT));
  return Buffer.concat([writeField(VALUE_INFO.name, Buffer.from(name)), writeField(VALUE_INFO.type, tensor)]);
}

function isStandardDomain(domain: string): boolean {
  return domain === '' || domain === 'ai.onnx';
}

function firstOf(message: Uint8Array, number: number): Uint8Array | undefined {
  for (const field of readFields(message)) if (field.number === number) return field.bytes;
  return undefined;
}

function toText(bytes: Uint8Array | undefined): string {
  return bytes === undefined ? '' : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString();
}

import { z } from 'zod';
import type { RawValue, ValueType } from '../../../values/value-type.js';
import { VALUE_TYPES } from '../../../values/value-type.js';
import type { Model, ModelField } from '../prediction-model.js';
import { convert, parseInt64 } from '../../../values/convert-value.js';

/** Names are columns of tables and tensors of graphs, made elsewhere: anything that can be written down. */
const fieldName = z.string().min(1).max(128);
const text = z.string().nullable().default(null);

const output = z
  .strictObject({
    name: fieldName.describe('Of a tensor of the graph, or a field of what the server answers.'),
    valueType: z.enum(VALUE_TYPES).describe('The type of its values.'),
    unit: text.describe('The unit of a number, e.g. minutes.'),
    description: text.describe('What it says, for the person who reads predictions.'),
  })
  .describe('What a model gives for an instance.');

const input = output
  .extend({
    name: fieldName.describe('A column of the instances.'),
    description: text.describe('What it says, for the person who makes instances.'),
    nullable: z
      .boolean()
      .default(false)
      .describe('The model knows what a missing value means: NaN in an ONNX graph (DOUBLE only), null for a server.'),
    default: z
      .union([z.number(), z.string(), z.boolean()])
      .optional()
      .describe('What the model gets for a missing value. An INT64 beyond 2^53 is written as a string.'),
  })
  .describe(
    'What a model wants of an instance. Without nullable or default an instance that lacks it has no prediction.',
  );

const url = z
  .url({ protocol: /^https?$/, error: 'an http or https URL' })
  .refine((address) => !new URL(address).username, 'a URL has no user and password in it');

const model = z
  .strictObject({
    name: z
      .string()
      .regex(/^[a-z_][a-z0-9_]*$/, 'a name has lower-case letters, digits and _, and does not begin with a digit')
      .max(60, 'a name has at most 60 characters')
      .describe('Unique in the registry.'),
    displayName: z.string().min(1).max(128).optional().describe('For people; the name if absent.'),
    description: text.describe('What it predicts, and from what.'),
    labels: z.record(z.string().max(64), z.string().max(64)).default({}).describe('Free key-value pairs.'),
    onnx: z.string().min(1).optional().describe('An ONNX file: a path from the registry file, or npm:package/path.'),
    http: z
      .strictObject({
        url: url.describe('Where to POST {instances, parameters}; the answer is {predictions}.'),
        healthUrl: url.nullable().default(null).describe('Answers GET with 200 when the server can predict.'),
        // Node's fetch gives up after 300 s by itself.
        deadlineSeconds: z.number().positive().max(300).default(60).describe('The longest a batch may take.'),
      })
      .optional()
      .describe('A server that keeps Vertex AI’s contract for custom containers.'),
    vertex: z
      .strictObject({
        project: z
          .string()
          .regex(/^[a-z0-9:.-]+$/)
          .describe('The Google Cloud project.'),
        location: z
          .string()
          .regex(/^[a-z0-9-]+$/)
          .describe('The region, e.g. europe-west4.'),
        model: z
          .string()
          .regex(/^[\w.-]+(@[\w-]+)?$/)
          .describe('The id of the model, with @version or @alias if it is not the default.'),
      })
      .optional()
      .describe('A model in Vertex AI’s model registry, for batch prediction there.'),
    inputs: z.array(input).min(1).describe('In the order of the graph, where one tensor holds them all.'),
    outputs: z.array(output).min(1).describe('In the order of the graph, where one tensor holds them all.'),
  })
  .superRefine(({ onnx, http, vertex }, context) => {
    const named = [onnx, http, vertex].filter((place) => place !== undefined).length;
    if (named !== 1) {
      context.addIssue({ code: 'custom', message: `a model has exactly one of onnx, http and vertex, not ${named}` });
    }
  })
  .describe('A model, and how it is run.');

export const modelEntries = z.array(model).default([]).describe('The models that batch prediction can use.');
export type ModelEntry = z.infer<typeof model>;
type InputEntry = z.infer<typeof input>;

/** What the shape alone cannot say of a model; paths are from the model. */
export function modelFaults({ inputs }: ModelEntry): { path: PropertyKey[]; message: string }[] {
  return inputs.flatMap((entry, index) => {
    const path = ['inputs', index, 'default'];
    if (entry.default === undefined) return [];
    if (entry.nullable) return [{ path, message: 'an input is nullable or has a default, not both' }];
    return parseDefault(entry) === undefined ? [{ path, message: `not a value of type ${entry.valueType}` }] : [];
  });
}

/** `files` has the path of each ONNX file as the registry writes it. */
export function toModels(entries: readonly ModelEntry[], files: ReadonlyMap<string, string>): Model[] {
  return entries.map((entry) => ({
    kind: 'model',
    name: entry.name,
    displayName: entry.displayName ?? entry.name,
    description: entry.description,
    labels: entry.labels,
    ...resolveLocation(entry, files),
    inputs: entry.inputs.map(inputFrom),
    outputs: entry.outputs,
  }));
}

function resolveLocation(
  { onnx, http, vertex }: ModelEntry,
  files: ReadonlyMap<string, string>,
): Pick<Model, 'runtime' | 'location' | 'http'> {
  if (http) {
    const { healthUrl, deadlineSeconds } = http;
    return { runtime: 'HTTP', location: http.url, http: { healthUrl, deadlineMs: deadlineSeconds * 1000 } };
  }
  if (vertex) {
    const location = `projects/${vertex.project}/locations/${vertex.location}/models/${vertex.model}`;
    return { runtime: 'VERTEX', location };
  }
  return { runtime: 'ONNX', location: files.get(onnx!) ?? onnx! };
}

function inputFrom(entry: InputEntry): ModelField {
  const { name, valueType, unit, description, nullable } = entry;
  const value = parseDefault(entry);
  return { name, valueType, unit, description, nullable, ...(value === undefined ? {} : { default: value }) };
}

/** Only plain values can be written into a registry; undefined for one of another type. */
function parseDefault({ valueType, default: value }: InputEntry): RawValue | undefined {
  if (value === undefined || !WRITABLE.has(valueType)) return undefined;
  if (valueType === 'INT64' && typeof value === 'string') return parseInt64(value);
  return convert(valueType, value);
}

const WRITABLE = new Set<ValueType>(['BOOL', 'DOUBLE', 'INT64', 'STRING']);

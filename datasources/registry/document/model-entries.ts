import { z } from 'zod';
import { INSTANCE_FORMATS, type Model } from '../prediction-model.js';
import { toVertexSettings, vertexModel, vertexModelLocation } from './vertex-model-entry.js';
import { webUrl } from './web-url.js';
import { fieldFaults, inputEntry, outputEntry, text, toFields } from './model-field-entries.js';

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
        url: webUrl.describe('Where to POST {instances, parameters}; the answer is {predictions}.'),
        instances: z
          .enum(INSTANCE_FORMATS)
          .default('OBJECT')
          .describe(
            'OBJECT: an instance is an object of all its columns. ARRAY: it is the list of the inputs in order, as prebuilt containers of scikit-learn and XGBoost want it.',
          ),
        healthUrl: webUrl.nullable().default(null).describe('Answers GET with 200 when the server can predict.'),
        // Node's fetch has its own timeout of 300 s.
        deadlineSeconds: z.number().positive().max(300).default(60).describe('The longest a batch may take.'),
      })
      .optional()
      .describe('A server that keeps Vertex AI’s contract for custom containers.'),
    vertex: vertexModel.optional(),
    inputs: z.array(inputEntry).min(1).describe('In the order of the graph, where one tensor holds them all.'),
    outputs: z.array(outputEntry).min(1).describe('In the order of the graph, where one tensor holds them all.'),
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

/** Checks of a model that the shape cannot express; paths are relative to the model. */
export function modelFaults({ onnx, inputs, outputs }: ModelEntry): { path: PropertyKey[]; message: string }[] {
  const isOnnx = onnx !== undefined;
  return [...fieldFaults('inputs', inputs, isOnnx), ...fieldFaults('outputs', outputs, isOnnx)];
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
    inputs: entry.inputs.flatMap((input, index) => toFields('inputs', input, index)),
    outputs: entry.outputs.flatMap((output, index) => toFields('outputs', output, index)),
  }));
}

function resolveLocation(
  { onnx, http, vertex }: ModelEntry,
  files: ReadonlyMap<string, string>,
): Pick<Model, 'runtime' | 'location' | 'http' | 'vertex'> {
  if (http) {
    const { healthUrl, deadlineSeconds, instances } = http;
    const settings = { healthUrl, deadlineMs: deadlineSeconds * 1000, instances };
    return { runtime: 'HTTP', location: http.url, http: settings };
  }
  if (vertex) {
    return { runtime: 'VERTEX', location: vertexModelLocation(vertex), vertex: toVertexSettings(vertex) };
  }
  return { runtime: 'ONNX', location: files.get(onnx!) ?? onnx! };
}

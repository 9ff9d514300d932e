import { z } from 'zod';
import type {
  VertexContainer,
  VertexExplanation,
  VertexModelSettings,
  VertexReservation,
} from '../prediction-model.js';

const count = z.number().int().min(1).max(50).describe('Paths or steps: more are more exact and take longer.');

const explanation = z
  .strictObject({
    method: z
      .enum(['SAMPLED_SHAPLEY', 'INTEGRATED_GRADIENTS', 'XRAI'])
      .describe('SAMPLED_SHAPLEY suits any model, the others models with gradients.'),
    count: count.default(10),
    topK: z.number().int().min(1).nullable().default(null).describe('Only so many outputs, the highest. Null: all.'),
  })
  .describe('How explanations are computed, where the model does not say it or says it otherwise.');

const container = z
  .strictObject({
    image: z.string().min(1).describe('The image in Artifact Registry.'),
    artifacts: z
      .string()
      .startsWith('gs://')
      .nullable()
      .default(null)
      .describe('A gs:// folder with the files of the model. Null: the image has them.'),
    predictRoute: z.string().startsWith('/').default('/predict').describe('Where the container answers predictions.'),
    healthRoute: z.string().startsWith('/').default('/health').describe('Where the container says that it is ready.'),
    port: z.number().int().min(1).max(65_535).default(8080).describe('The port of the container.'),
    command: z.array(z.string()).default([]).describe('Replaces the entry point of the image.'),
    arguments: z.array(z.string()).default([]).describe('Arguments of the entry point.'),
    environment: z.record(z.string(), z.string()).default({}).describe('Environment variables. No secrets.'),
  })
  .describe('A container that is not in the model registry, beside or instead of "model".');

/** A model on Vertex AI: where it is, and how its jobs run. */
export const vertexModel = z
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
      .optional()
      .describe('The id of the model, with @version or @alias if it is not the default.'),
    publisher: z
      .string()
      .regex(/^[\w-]+$/)
      .optional()
      .describe('The publisher of the model, e.g. google, if it is one of the Model Garden.'),
    container: container.optional(),
    machines: z
      .enum(['DEDICATED', 'AUTOMATIC'])
      .optional()
      .describe('AUTOMATIC: jobs name no machines. AutoML models accept none. Default: AUTOMATIC with a publisher.'),
    serviceAccount: z
      .email()
      .nullable()
      .default(null)
      .describe('The account of the container. Null: that of Vertex AI.'),
    kmsKey: z
      .string()
      .regex(/^projects\/[^/]+\/locations\/[^/]+\/keyRings\/[^/]+\/cryptoKeys\/[^/]+$/, 'a resource name of Cloud KMS')
      .nullable()
      .default(null)
      .describe('The key that encrypts the job (CMEK), of the same location. Null: a key of Google.'),
    disableContainerLogging: z.boolean().default(false).describe('true: what the container prints is not logged.'),
    reservation: z
      .union([
        z.enum(['NONE', 'ANY']),
        z
          .array(z.string().regex(/^projects\/[^/]+\/zones\/[^/]+\/reservations\/[^/]+$/))
          .min(1)
          .describe('Resource names of reservations of Compute Engine.'),
      ])
      .nullable()
      .default(null)
      .describe('Which reservations of machines a job uses. Null: as Vertex AI does by default.'),
    explanation: explanation.nullable().default(null),
  })
  .superRefine((entry, context) => {
    const fault = (path: string, message: string): void => context.addIssue({ code: 'custom', path: [path], message });
    if ((entry.model === undefined) === (entry.container === undefined)) {
      fault('model', 'a model on Vertex AI has exactly one of model and container');
    }
    if (entry.publisher !== undefined && entry.model === undefined) fault('publisher', 'a container has no publisher');
    const keyLocation = entry.kmsKey?.split('/')[3];
    if (keyLocation !== undefined && keyLocation !== entry.location) {
      fault(
        'kmsKey',
        `the key is in ${keyLocation}, and the model in ${entry.location}: Vertex AI requires one location`,
      );
    }
    const isAutomatic = toMachines(entry) === 'AUTOMATIC';
    if (isAutomatic && entry.container) fault('machines', 'a container needs machines: it is DEDICATED');
    if (isAutomatic && entry.reservation !== null) fault('reservation', 'only a job that names its machines has one');
  })
  .describe('A model for batch prediction on Vertex AI: of its model registry, of a publisher, or a container.');

type VertexModelEntry = z.infer<typeof vertexModel>;

/** The resource name of the model; of a container, that of its location. */
export function vertexModelLocation({ project, location, publisher, model }: VertexModelEntry): string {
  const parent = `projects/${project}/locations/${location}`;
  if (model === undefined) return parent;
  return publisher === undefined ? `${parent}/models/${model}` : `${parent}/publishers/${publisher}/models/${model}`;
}

export function toVertexSettings(entry: VertexModelEntry): VertexModelSettings {
  const {
    serviceAccount,
    kmsKey,
    disableContainerLogging,
    reservation,
    explanation: explained,
    container: box,
  } = entry;
  return {
    machines: toMachines(entry),
    serviceAccount,
    kmsKey,
    disableContainerLogging,
    reservation: toReservation(reservation),
    explanation: explained satisfies VertexExplanation | null,
    container: (box ?? null) satisfies VertexContainer | null,
  };
}

function toMachines({
  machines,
  publisher,
}: Pick<VertexModelEntry, 'machines' | 'publisher'>): 'DEDICATED' | 'AUTOMATIC' {
  return machines ?? (publisher === undefined ? 'DEDICATED' : 'AUTOMATIC');
}

function toReservation(reservation: VertexModelEntry['reservation']): VertexReservation | null {
  if (reservation === null) return null;
  return typeof reservation === 'string' ? { kind: reservation } : { kind: 'SPECIFIC', reservations: reservation };
}

import type { protos } from '@google-cloud/aiplatform';
import { badInput } from '../../errors/app-error.js';
import type {
  Model,
  VertexContainer,
  VertexExplanation,
  VertexReservation,
} from '../../datasources/registry/prediction-model.js';

type Job = protos.google.cloud.aiplatform.v1.IBatchPredictionJob;
type ModelParts = Pick<
  Job,
  'unmanagedContainerModel' | 'serviceAccount' | 'encryptionSpec' | 'explanationSpec' | 'disableContainerLogging'
> & { readonly model: string };

/** The parts of a job that the registry decides for its model. */
export function modelParts({ location, vertex }: Pick<Model, 'location' | 'vertex'>, explains: boolean): ModelParts {
  if (!vertex) return { model: location };
  const { container, serviceAccount, kmsKey, explanation, disableContainerLogging } = vertex;
  if (container && explains && !explanation) {
    throw badInput('The registry does not say how predictions of this model are explained.', 'generateExplanation');
  }
  return {
    // Vertex AI takes a model or a container, and an empty name is none.
    model: container ? '' : location,
    ...(container ? { unmanagedContainerModel: toContainer(container) } : {}),
    ...(serviceAccount === null ? {} : { serviceAccount }),
    ...(kmsKey === null ? {} : { encryptionSpec: { kmsKeyName: kmsKey } }),
    // Vertex AI refuses it where the job explains nothing.
    ...(explanation && explains ? { explanationSpec: { parameters: toParameters(explanation) } } : {}),
    ...(disableContainerLogging ? { disableContainerLogging } : {}),
  };
}

/** The part of the machine that says which reservations it may use. */
export function reservationAffinity(
  reservation: VertexReservation | null | undefined,
): protos.google.cloud.aiplatform.v1.IReservationAffinity | undefined {
  if (!reservation) return undefined;
  switch (reservation.kind) {
    case 'NONE':
      return { reservationAffinityType: 'NO_RESERVATION' };
    case 'ANY':
      return { reservationAffinityType: 'ANY_RESERVATION' };
    case 'SPECIFIC':
      return {
        reservationAffinityType: 'SPECIFIC_RESERVATION',
        key: 'compute.googleapis.com/reservation-name',
        values: [...reservation.reservations],
      };
  }
}

function toContainer(container: VertexContainer): NonNullable<Job['unmanagedContainerModel']> {
  const { image, artifacts, predictRoute, healthRoute, port, command, environment } = container;
  return {
    ...(artifacts === null ? {} : { artifactUri: artifacts }),
    containerSpec: {
      imageUri: image,
      command: [...command],
      args: [...container.arguments],
      env: Object.entries(environment).map(([name, value]) => ({ name, value })),
      ports: [{ containerPort: port }],
      predictRoute,
      healthRoute,
    },
  };
}

function toParameters({
  method,
  count,
  topK,
}: VertexExplanation): protos.google.cloud.aiplatform.v1.IExplanationParameters {
  const top = topK === null ? {} : { topK };
  switch (method) {
    case 'SAMPLED_SHAPLEY':
      return { sampledShapleyAttribution: { pathCount: count }, ...top };
    case 'INTEGRATED_GRADIENTS':
      return { integratedGradientsAttribution: { stepCount: count }, ...top };
    case 'XRAI':
      return { xraiAttribution: { stepCount: count }, ...top };
  }
}

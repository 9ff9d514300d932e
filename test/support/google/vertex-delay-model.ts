import type { Model } from '../../../datasources/registry/prediction-model.js';

/** A model on Vertex AI, as a registry has it. */
export function vertexDelayModel(project: string): Model {
  return {
    kind: 'model',
    name: 'delay',
    displayName: 'Delay',
    description: null,
    labels: {},
    runtime: 'VERTEX',
    location: `projects/${project}/locations/europe-west4/models/delay@2`,
    inputs: [],
    outputs: [],
  };
}

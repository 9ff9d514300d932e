import type { Model } from '../../datasources/registry/prediction-model.js';

/** Where a Vertex AI model is, read off its resource name. */
export interface VertexModel {
  /** With a version or alias, if the registry names one. */
  readonly name: string;
  /** What jobs of the model are created in: they must be in the model's own location. */
  readonly parent: string;
  readonly location: string;
}

const RESOURCE_NAME =
  /^(?<parent>projects\/[a-z0-9:.-]+\/locations\/(?<location>[a-z0-9-]+))\/(publishers\/[\w-]+\/)?models\/[\w.-]+(@[\w-]+)?$/;

export function vertexModel(model: Model): VertexModel {
  const groups = RESOURCE_NAME.exec(model.location)?.groups;
  if (!groups?.parent || !groups.location) {
    throw new Error(`model ${model.name} does not name a model of Vertex AI`);
  }
  return {
    name: model.location,
    parent: groups.parent,
    location: groups.location,
  };
}

/** The location in the name of any resource of Vertex AI. */
export function parseLocation(name: string): string {
  const [, location] = /^projects\/[^/]+\/locations\/([^/]+)\//.exec(name) ?? [];
  if (location === undefined) throw new Error(`"${name}" is no resource of a location`);
  return location;
}

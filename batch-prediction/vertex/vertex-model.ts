const MODEL_NAME =
  /^(?<parent>projects\/[a-z0-9:.-]+\/locations\/[a-z0-9-]+)\/(publishers\/[\w-]+\/)?models\/[\w.-]+(@[\w-]+)?$|^(?<location>projects\/[a-z0-9:.-]+\/locations\/[a-z0-9-]+)$/;

/** The parent resource of a model's jobs: they must be in the model's own location. A container names only that. */
export function parseModelParent(modelName: string): string {
  const { parent, location } = MODEL_NAME.exec(modelName)?.groups ?? {};
  const found = parent ?? location;
  if (found === undefined) throw new Error(`"${modelName}" is not the name of a model of Vertex AI`);
  return found;
}

/** The location in the name of any resource of Vertex AI. */
export function parseLocation(name: string): string {
  const [, location] = /^projects\/[^/]+\/locations\/([^/]+)(\/|$)/.exec(name) ?? [];
  if (location === undefined) throw new Error(`"${name}" is no resource of a location`);
  return location;
}

const MODEL_NAME =
  /^(?<parent>projects\/[a-z0-9:.-]+\/locations\/[a-z0-9-]+)\/(publishers\/[\w-]+\/)?models\/[\w.-]+(@[\w-]+)?$/;

/** The parent resource of a model's jobs: they must be in the model's own location. */
export function parseModelParent(modelName: string): string {
  const parent = MODEL_NAME.exec(modelName)?.groups?.parent;
  if (parent === undefined) throw new Error(`"${modelName}" is not the name of a model of Vertex AI`);
  return parent;
}

/** The location in the name of any resource of Vertex AI. */
export function parseLocation(name: string): string {
  const [, location] = /^projects\/[^/]+\/locations\/([^/]+)(\/|$)/.exec(name) ?? [];
  if (location === undefined) throw new Error(`"${name}" is no resource of a location`);
  return location;
}

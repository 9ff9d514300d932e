import type { FeatureSource } from '../../registry/model.js';

/** Identifies a source by name and not by object: the objects of a registry are replaced when the gateway applies another one. */
export function sourceKey(source: FeatureSource): string {
  let key = keys.get(source);
  if (key === undefined) {
    const { name, entityType } = source;
    keys.set(source, (key = `${entityType.featurestore.name}/${entityType.name}/${name}`));
  }
  return key;
}

/** Each written row is looked for by it. */
const keys = new WeakMap<FeatureSource, string>();

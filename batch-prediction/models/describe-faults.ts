import type { Model } from '../../datasources/registry/prediction-model.js';
import type { ModelFault } from './model-serving.js';

/** Describes the faults of a model in sentences for operators and clients. */
export function describeFaults({ name }: Pick<Model, 'name'>, faults: readonly ModelFault[]): string {
  return `The model "${name}" cannot be used. ${faults.map(describeFault).join(' ')}`;
}

export function describeFault({ path, message }: ModelFault): string {
  return path === '' ? message : `${path}: ${message}`;
}

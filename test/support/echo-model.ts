import type { Model, ModelField } from '../../datasources/registry/prediction-model.js';
import type { ValueType } from '../../values/value-type.js';
import { LINEAR_MODEL, LinearModelServing } from './linear-model.js';

export interface EchoModel {
  readonly model: Model;
  readonly serving: LinearModelServing;
}

/** A model whose prediction is the inputs that it got: what a batch prediction made of its files. */
export function echoModel(inputs: Readonly<Record<string, ValueType>>): EchoModel {
  const fields = Object.entries(inputs).map(([name, valueType]): ModelField => ({
    name,
    valueType,
    unit: null,
    description: null,
  }));
  const serving = new LinearModelServing();
  serving.answer = (instance) => ({
    kind: 'prediction',
    prediction: Object.fromEntries(fields.map(({ name }) => [name, instance[name] ?? null])),
  });
  return { model: { ...LINEAR_MODEL, name: 'echo', inputs: fields, outputs: fields }, serving };
}

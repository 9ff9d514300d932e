import type { ModelField } from '../../../datasources/registry/prediction-model.js';
import type { ModelFault } from '../model-serving.js';

/** A field of the model, with its position among the inputs or outputs. */
export interface PlacedField {
  readonly field: ModelField;
  readonly position: number;
}

/** The mismatches between the model's entry and its graph, for the operator and for clients. */
export class LayoutFault extends Error {
  override readonly name = 'LayoutFault';

  constructor(readonly faults: readonly ModelFault[]) {
    super(faults.map(({ path, message }) => (path === '' ? message : `${path}: ${message}`)).join(' '));
  }
}

/** The path of a field in the model's entry in the registry. */
export function fieldPath(side: 'input' | 'output', { field, position }: PlacedField): string {
  return field.path ?? `${side}s[${position}]`;
}

/**
 * Returns the layouts of all tensors. Throws a LayoutFault with all faults: the given ones, and those of each tensor.
 */
export function layoutEach<Value, Layout>(
  { assigned, faults }: { readonly assigned: readonly Value[]; readonly faults: readonly ModelFault[] },
  layout: (value: Value) => Layout,
): Layout[] {
  const tried = assigned.map((value) => attempt(() => layout(value)));
  throwAll(faults.length > 0 ? [new LayoutFault(faults), ...tried] : tried);
  return tried as Layout[];
}

/** Returns both results. Throws a LayoutFault with the faults of both. */
export function layoutBoth<Inputs, Outputs>(inputs: () => Inputs, outputs: () => Outputs): [Inputs, Outputs] {
  const tried = [attempt(inputs), attempt(outputs)];
  throwAll(tried);
  return tried as [Inputs, Outputs];
}

function attempt<Result>(work: () => Result): Result | LayoutFault {
  try {
    return work();
  } catch (error) {
    if (error instanceof LayoutFault) return error;
    throw error;
  }
}

function throwAll(tried: readonly unknown[]): void {
  const faults = tried.flatMap((result) => (result instanceof LayoutFault ? result.faults : []));
  if (faults.length > 0) throw new LayoutFault(faults);
}

import type { ModelField } from '../../../datasources/registry/prediction-model.js';
import type { ModelFault } from '../model-serving.js';
import { fieldPath, type PlacedField } from './layout-fault.js';
import type { GraphValue } from './session-task.js';

/** A tensor of the graph with its fields of the model, in the order of the registry. */
export interface AssignedTensor {
  readonly value: GraphValue;
  readonly fields: readonly PlacedField[];
}

/**
 * Assigns each field of the model to a tensor of the graph:
 *
 * - the only tensor, if the graph has one;
 * - the tensor that the field names by `tensor`, or else the tensor with the name of the field;
 * - if several inputs have neither, they share the one unassigned tensor.
 *
 * A single field with another name is a fault and is not assigned to the unassigned tensor, because its name may be
 * misspelt. Every input of the graph must be assigned. An output without a field is ignored.
 */
export function assignTensors(
  side: 'input' | 'output',
  fields: readonly ModelField[],
  graph: readonly GraphValue[],
): { readonly assigned: readonly AssignedTensor[]; readonly faults: readonly ModelFault[] } {
  const placed = fields.map((field, position): PlacedField => ({ field, position }));
  const assigned = new Map<GraphValue, PlacedField[]>();
  const faults: ModelFault[] = [];
  const rest: PlacedField[] = [];
  for (const one of placed) {
    const { tensor, name } = one.field;
    const value = graph.find((candidate) => candidate.name === (tensor ?? name));
    const found = value ?? (tensor === undefined && graph.length === 1 ? graph[0] : undefined);
    if (found) assigned.set(found, [...(assigned.get(found) ?? []), one]);
    else if (tensor === undefined) rest.push(one);
    else {
      const message = `"${name}" names the tensor "${tensor}", but the graph's ${side}s are ${joinNames(graph)}.`;
      faults.push({ path: fieldPath(side, one), message });
    }
  }
  const free = graph.filter((value) => !assigned.has(value));
  const [left, ...others] = free;
  if (side === 'input' && rest.length > 1 && left && others.length === 0) assigned.set(left, rest);
  else if (rest.length > 0)
    faults.push({ path: fieldPath(side, rest[0]!), message: unnamed(side, fields, graph, rest) });
  else if (side === 'input' && left && faults.length === 0) {
    faults.push({ path: 'inputs', message: `the graph wants more inputs: ${joinNames(free)}.` });
  }
  return { assigned: [...assigned].map(([value, of]) => ({ value, fields: of })), faults };
}

function unnamed(
  side: string,
  fields: readonly ModelField[],
  graph: readonly GraphValue[],
  rest: readonly PlacedField[],
): string {
  const names = rest.map(({ field }) => `"${field.name}"`).join(', ');
  return (
    `its ${side}s are ${joinNames(fields)}, those of the graph are ${joinNames(graph)}; ` +
    `say with "tensor" which tensor has ${names}.`
  );
}

export function joinNames(values: readonly { readonly name: string }[]): string {
  return values.map(({ name }) => name).join(', ') || 'none';
}

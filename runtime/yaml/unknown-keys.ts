import type { Fault } from './fault.js';

/** The parts of a JSON Schema that say which keys an object may have. */
interface Shape {
  readonly const?: unknown;
  readonly properties?: Readonly<Record<string, Shape>>;
  readonly additionalProperties?: Shape | boolean;
  readonly items?: Shape;
  readonly anyOf?: readonly Shape[];
  readonly oneOf?: readonly Shape[];
}

/**
 * Describes keys that the object at `path` does not have. `value` is that object: its `kind` says which keys are known.
 * `jsonSchema` is the JSON Schema of the file.
 */
export function describeUnknownKeys(
  jsonSchema: object,
  path: readonly PropertyKey[],
  keys: readonly string[],
  value: unknown,
): Fault[] {
  const known = findKnownKeys(jsonSchema, path, value);
  return keys.map((key) => {
    const near = findNearKey(key, known);
    const advice = near === undefined ? `Known keys are: ${known.join(', ')}` : `Did you mean "${near}"?`;
    return { path, key, message: `the key "${key}" is unknown. ${advice}` };
  });
}

function findKnownKeys(jsonSchema: object, path: readonly PropertyKey[], value: unknown): string[] {
  let shapes = alternatives(jsonSchema);
  for (const step of path) shapes = shapes.flatMap((shape) => alternatives(findChild(shape, step)));
  const objects = shapes.flatMap(({ properties }) => (properties ? [properties] : []));
  const kind = (value as { readonly kind?: unknown } | null | undefined)?.kind;
  const ofKind = objects.filter((properties) => [undefined, kind].includes(properties.kind?.const));
  return [...new Set(ofKind.flatMap((properties) => Object.keys(properties)))];
}

function findChild({ items, properties, additionalProperties }: Shape, step: PropertyKey): Shape | undefined {
  if (typeof step === 'number') return items;
  const child = properties?.[String(step)] ?? additionalProperties;
  return typeof child === 'object' ? child : undefined;
}

function alternatives(shape: Shape | undefined): Shape[] {
  if (!shape) return [];
  const nested = [...(shape.anyOf ?? []), ...(shape.oneOf ?? [])];
  return nested.length === 0 ? [shape] : nested.flatMap(alternatives);
}

/** Another spelling of the same word, or a key of which at most a third of the letters differ. */
function findNearKey(key: string, known: readonly string[]): string | undefined {
  const letters = (text: string): string => text.toLowerCase().replaceAll(/[_-]/g, '');
  const [nearest] = known
    .map((candidate) => ({ candidate, distance: editDistance(letters(key), letters(candidate)) }))
    .filter(({ candidate, distance }) => distance <= Math.floor(Math.max(key.length, candidate.length) / 3))
    .toSorted((a, b) => a.distance - b.distance);
  return nearest?.candidate;
}

/** Letters to insert, delete, replace or exchange with their neighbour (the optimal string alignment distance). */
function editDistance(a: string, b: string): number {
  let beforePrevious: number[] = [];
  let previous = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row += 1) {
    const current = [row];
    for (let column = 1; column <= b.length; column += 1) {
      const isSame = a[row - 1] === b[column - 1];
      const isExchanged = row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1];
      current[column] = Math.min(
        previous[column]! + 1,
        current[column - 1]! + 1,
        previous[column - 1]! + (isSame ? 0 : 1),
        isExchanged ? beforePrevious[column - 2]! + 1 : Number.POSITIVE_INFINITY,
      );
    }
    beforePrevious = previous;
    previous = current;
  }
  return previous[b.length]!;
}

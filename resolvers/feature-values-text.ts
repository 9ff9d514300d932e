import type { Feature } from '../datasources/registry/model.js';
import type { CompileText, SelectedField } from '../schema/write-text.js';
import { secondsBetween, type Instant } from '../values/instant.js';
import type { JsonBytes } from '../values/json-bytes.js';
import { quote } from '../values/json-text.js';
import { NULL_TEXT, type CellState, type RowTexts } from '../values/row-texts.js';
import type { RequestContext } from './context.js';
import { selectFeatures, type EntityHandle } from './entity.js';

interface FeaturesArguments {
  readonly names?: readonly string[] | null;
  readonly view?: string | null;
}

/** Writes what is the same for all values of a feature. */
type WriteOfFeature = (feature: Feature) => string;

/** Writes what is the same for all values with the same state. */
type WriteOfState = (state: CellState, readAt: Instant | null) => string;

/** A field of FeatureValue as JSON, by what alone decides it. */
type PlainField =
  | { readonly by: 'feature'; readonly write: WriteOfFeature }
  | { readonly by: 'state'; readonly write: WriteOfState }
  | { readonly by: 'value' };

const FIELDS: Readonly<Record<string, PlainField>> = {
  __typename: { by: 'feature', write: () => '"FeatureValue"' },
  name: { by: 'feature', write: ({ name }) => quote(name) },
  value: { by: 'value' },
  status: { by: 'state', write: ({ status }) => `"${status}"` },
  timestamp: { by: 'state', write: ({ timeText }) => timeText },
  ageSeconds: {
    by: 'state',
    write: ({ instant }, readAt) =>
      instant === null || readAt === null ? NULL_TEXT : String(secondsBetween(instant, readAt)),
  },
};

/**
 * Writes the field `features` of an entity from the texts of its cells: a list of entities has thousands of values, and
 * most of the work of each would be to make an object and to look at its fields.
 */
export const compileFeaturesText: CompileText = (selected) => {
  const parts = toPieces(selected)?.map(toPart);
  if (!parts) return undefined;
  const writeRow = rowWriter(parts);
  const isAged = selected.some(({ field }) => field === 'ageSeconds');
  const readAtOf = ({ asOf }: EntityHandle, now: Instant): Instant | null => (isAged ? (asOf ?? now) : null);
  return {
    one: async (root, { names, view }: FeaturesArguments, context, run) => {
      const entity = root as EntityHandle;
      const { access, loaders, now } = context as RequestContext;
      const features = selectFeatures(access, entity.entityType, names, view);
      const [row] = await loaders.readTexts([entity], features);
      return run.json((to) => writeRow({ features, readAt: readAtOf(entity, now) }, row!, to));
    },
    all: async (roots, { names, view }: FeaturesArguments, context) => {
      const entities = roots as readonly EntityHandle[];
      const { access, loaders, now } = context as RequestContext;
      // The entities of a list have one type.
      const features = selectFeatures(access, entities[0]!.entityType, names, view);
      const rows = await loaders.readTexts(entities, features);
      return (index, to) => writeRow({ features, readAt: readAtOf(entities[index]!, now) }, rows[index]!, to);
    },
  };
};

/** A plain field, or text of the list itself. */
type Piece = PlainField | { readonly by: 'constant'; readonly text: string };

/** The JSON of one value. Joins the fields with their labels and the braces, as far as they are decided by the same. */
function toPieces(selected: readonly SelectedField[]): Piece[] | undefined {
  // A query can skip all of them.
  if (selected.length === 0) return [{ by: 'constant', text: '{}' }];
  const pieces: Piece[] = [];
  const add = (next: Piece): void => {
    const before = pieces.pop();
    pieces.push(...(before ? join(before, next) : [next]));
  };
  for (const [index, { name, field }] of selected.entries()) {
    const plain = FIELDS[field];
    if (!plain) return undefined;
    add({ by: 'constant', text: `${index === 0 ? '{' : ','}${JSON.stringify(name)}:` });
    add(plain);
  }
  add({ by: 'constant', text: '}' });
  return pieces;
}

/** One piece of two, where that is possible. */
function join(before: Piece, next: Piece): Piece[] {
  if (before.by === 'value' || next.by === 'value') return [before, next];
  if (before.by === 'constant') {
    if (next.by === 'constant') return [{ by: 'constant', text: before.text + next.text }];
    return [around(before.text, next, '')];
  }
  if (next.by === 'constant') return [around('', before, next.text)];
  if (before.by === 'feature' && next.by === 'feature') {
    return [{ by: 'feature', write: (feature) => before.write(feature) + next.write(feature) }];
  }
  if (before.by === 'state' && next.by === 'state') {
    return [{ by: 'state', write: (...of) => before.write(...of) + next.write(...of) }];
  }
  return [before, next];
}

function around(head: string, field: Exclude<PlainField, { by: 'value' }>, tail: string): PlainField {
  return field.by === 'feature'
    ? { by: 'feature', write: (feature) => head + field.write(feature) + tail }
    : { by: 'state', write: (...of) => head + field.write(...of) + tail };
}

/** A part of the JSON of a value, as bytes that are made once for all cells that share them. */
type Part =
  | { readonly by: 'feature'; readonly bytesOf: (features: readonly Feature[]) => readonly Buffer[] }
  | { readonly by: 'state'; readonly bytesOf: (state: CellState, readAt: Instant | null) => Buffer }
  | { readonly by: 'value' };

function toPart(piece: Piece): Part {
  switch (piece.by) {
    case 'value':
      return piece;
    case 'constant':
      return { by: 'feature', bytesOf: bytesOfFeatures(() => piece.text) };
    case 'feature':
      return { by: 'feature', bytesOf: bytesOfFeatures(piece.write) };
    case 'state':
      return { by: 'state', bytesOf: bytesOfLast(piece.write) };
  }
}

/** The requests of a program ask with the same list of features. */
function bytesOfFeatures(write: WriteOfFeature): (features: readonly Feature[]) => readonly Buffer[] {
  const known = new WeakMap<readonly Feature[], readonly Buffer[]>();
  return (features) => {
    let bytes = known.get(features);
    if (!bytes) known.set(features, (bytes = features.map((feature) => Buffer.from(write(feature)))));
    return bytes;
  };
}

/** The values of one row share their time, and most of their status. */
function bytesOfLast(write: WriteOfState): (state: CellState, readAt: Instant | null) => Buffer {
  let last: CellState | undefined;
  let lastReadAt: Instant | null = null;
  let bytes = Buffer.alloc(0);
  return (state, readAt) => {
    if (state !== last || readAt !== lastReadAt) {
      bytes = Buffer.from(write(state, readAt));
      last = state;
      lastReadAt = readAt;
    }
    return bytes;
  };
}

interface AskedValues {
  readonly features: readonly Feature[];
  /** What the ages of values are counted to. null: no age is asked for. */
  readonly readAt: Instant | null;
}

/** Writes the values of a row as a list. */
type WriteRow = (asked: AskedValues, row: RowTexts, to: JsonBytes) => void;

/**
 * In a row whose cells have one state, everything between two values is the same as in the row before. To copy it as one range of
 * bytes takes a quarter of the time of joining texts.
 */
function rowWriter(parts: readonly Part[]): WriteRow {
  const valuesOfCell = parts.filter(({ by }) => by === 'value').length;
  const betweenOf = rangesOfLast(parts);
  return (asked, row, to) => {
    const between = row.common && betweenOf(asked, row.common);
    if (!between) return writeParts(parts, asked, row, to);
    for (let index = 0, at = 0; index < row.length; index += 1) {
      for (let count = 0; count < valuesOfCell && !to.isFull; count += 1) {
        to.bytes(between[at++]!);
        row.writeTo(to, index);
      }
    }
    to.bytes(between.at(-1)!);
  };
}

/** The ranges between values. undefined for the first row with a state, which may be the only one. */
function rangesOfLast(parts: readonly Part[]): (asked: AskedValues, state: CellState) => readonly Buffer[] | undefined {
  let last: (AskedValues & { readonly state: CellState }) | undefined;
  let ranges: readonly Buffer[] | undefined;
  return ({ features, readAt }, state) => {
    if (last?.state === state && last.features === features && last.readAt === readAt) {
      return (ranges ??= rangesBetween(parts, last));
    }
    last = { features, readAt, state };
    ranges = undefined;
    return undefined;
  };
}

/** The bytes before each value, and those behind the last. */
function rangesBetween(
  parts: readonly Part[],
  { features, readAt, state }: AskedValues & { readonly state: CellState },
): readonly Buffer[] {
  const ranges: Buffer[][] = [[BEGIN]];
  for (let index = 0; index < features.length; index += 1) {
    if (index > 0) ranges.at(-1)!.push(COMMA);
    for (const part of parts) {
      if (part.by === 'value') ranges.push([]);
      else ranges.at(-1)!.push(part.by === 'feature' ? part.bytesOf(features)[index]! : part.bytesOf(state, readAt));
    }
  }
  ranges.at(-1)!.push(END);
  return ranges.map((range) => Buffer.concat(range));
}

const BEGIN = Buffer.from('[');
const COMMA = Buffer.from(',');
const END = Buffer.from(']');

function writeParts(parts: readonly Part[], { features, readAt }: AskedValues, row: RowTexts, to: JsonBytes): void {
  to.bytes(BEGIN);
  for (let index = 0; index < features.length; index += 1) {
    if (index > 0) to.bytes(COMMA);
    for (const part of parts) {
      if (to.isFull) return;
      if (part.by === 'value') row.writeTo(to, index);
      else if (part.by === 'feature') to.bytes(part.bytesOf(features)[index]!);
      else to.bytes(part.bytesOf(row.stateAt(index), readAt));
    }
  }
  to.bytes(END);
}

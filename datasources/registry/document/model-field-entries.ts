import { z } from 'zod';
import { parseInt64, toBoolean, toDouble, toInt64, toText } from '../../../values/convert-value.js';
import { toElementType, VALUE_TYPES, type RawValue, type ValueParsers } from '../../../values/value-type.js';
import type { ModelField } from '../prediction-model.js';

/** Other systems name columns of tables and tensors of graphs, so any writable name is allowed. */
const fieldName = z.string().min(1).max(128);
export const text = z.string().nullable().default(null);

/** A larger tensor is not listed by hand: such a model takes an array. */
const MAX_COLUMNS = 10_000;

const tensor = fieldName
  .optional()
  .describe('Of ONNX: the tensor of the graph that it is in. Absent: the tensor of its name, or the only one.');
const columns = z.array(fieldName).min(1).max(MAX_COLUMNS).optional();

export const outputEntry = z
  .strictObject({
    name: fieldName.describe('A field of what the server answers, or of a prediction of ONNX.'),
    valueType: z.enum(VALUE_TYPES).describe('The type of its values.'),
    unit: text.describe('The unit of a number, e.g. minutes.'),
    description: text.describe('What it says, for the person who reads predictions.'),
    tensor,
    columns: columns.describe(
      'Of ONNX: the values of the tensor in order, an output each; the name is that of the tensor, and the type that of each.',
    ),
    class: z
      .union([z.string().min(1).max(128), z.number().int()])
      .optional()
      .describe('Of ONNX: the class of a ZipMap whose probability this output is.'),
  })
  .describe('What a model gives for an instance.');

export const inputEntry = outputEntry
  .omit({ class: true })
  .extend({
    name: fieldName.describe('A column of the instances.'),
    description: text.describe('What it says, for the person who makes instances.'),
    columns: columns.describe(
      'Of ONNX: columns of the instances that are together one tensor, in order; the name is that of the tensor, and the type that of each column.',
    ),
    nullable: z
      .boolean()
      .default(false)
      .describe('The model knows what a missing value means: NaN in an ONNX graph (DOUBLE only), null for a server.'),
    default: z
      .union([z.number(), z.string(), z.boolean()])
      .optional()
      .describe(
        'What the model gets for a missing value, also where the whole column is missing. An INT64 beyond 2^53 is written as a string.',
      ),
  })
  .describe(
    'What a model wants of an instance. Without nullable or default an instance that lacks it has no prediction.',
  );

export type InputEntry = z.infer<typeof inputEntry>;
export type OutputEntry = z.infer<typeof outputEntry>;

interface FieldFault {
  readonly path: PropertyKey[];
  readonly message: string;
}

/** Checks of a model's inputs or outputs that the shape cannot express; paths are relative to the model. */
export function fieldFaults(
  side: 'inputs' | 'outputs',
  entries: readonly (InputEntry | OutputEntry)[],
  isOnnx: boolean,
): FieldFault[] {
  return [
    ...duplicateNames(side, entries),
    ...entries.flatMap((entry, index) => [
      ...ONNX_ONLY.flatMap((key): FieldFault[] =>
        !isOnnx && key in entry && entry[key as keyof typeof entry] !== undefined
          ? [{ path: [side, index, key], message: `only a model of ONNX has "${key}"` }]
          : [],
      ),
      ...defaultFaults(entry).map((message) => ({ path: [side, index, 'default'], message })),
      ...('class' in entry && entry.class !== undefined && entry.columns
        ? [{ path: [side, index, 'class'], message: 'an output has "class" or "columns", not both' }]
        : []),
    ]),
  ];
}

const ONNX_ONLY = ['tensor', 'columns', 'class'];

function duplicateNames(side: string, entries: readonly (InputEntry | OutputEntry)[]): FieldFault[] {
  const seen = new Set<string>();
  return entries.flatMap((entry, index) =>
    (entry.columns ?? [entry.name]).flatMap((name, column): FieldFault[] => {
      if (!seen.has(name)) {
        seen.add(name);
        return [];
      }
      const path = entry.columns ? ['columns', column] : ['name'];
      return [{ path: [side, index, ...path], message: `"${name}" is named twice` }];
    }),
  );
}

function defaultFaults(entry: InputEntry | OutputEntry): string[] {
  if (!('default' in entry) || entry.default === undefined) return [];
  if (entry.nullable) return ['an input is nullable or has a default, not both'];
  return parseDefault(entry) === undefined ? [`not a value of type ${entry.valueType}`] : [];
}

/** The fields of an entry: one, or one per column. */
export function toFields(side: 'inputs' | 'outputs', entry: InputEntry | OutputEntry, index: number): ModelField[] {
  const { name, columns: names, unit, description } = entry;
  const path = `${side}[${index}]`;
  const common = { unit, description, ...inputFacts(entry) };
  if (names) {
    // For a group, both types are valid: DOUBLE, because its columns are DOUBLE, and an array of DOUBLE.
    const valueType = toElementType(entry.valueType) ?? entry.valueType;
    return names.map((column, place) => ({
      ...common,
      name: column,
      valueType,
      tensor: entry.tensor ?? name,
      path: `${path}.columns[${place}]`,
    }));
  }
  return [
    {
      ...common,
      name,
      valueType: entry.valueType,
      ...(entry.tensor === undefined ? {} : { tensor: entry.tensor }),
      ...('class' in entry && entry.class !== undefined ? { class: String(entry.class) } : {}),
      path,
    },
  ];
}

function inputFacts(entry: InputEntry | OutputEntry): Pick<ModelField, 'nullable' | 'default'> {
  if (!('nullable' in entry)) return {};
  const value = parseDefault(entry);
  return { nullable: entry.nullable, ...(value === undefined ? {} : { default: value }) };
}

/** Undefined for a default of another type. */
function parseDefault({ valueType: declared, columns: names, default: value }: InputEntry): RawValue | undefined {
  const valueType = (names && toElementType(declared)) ?? declared;
  return value === undefined ? undefined : DEFAULTS[valueType](value);
}

const notWritable = (): undefined => undefined;

/** A registry can contain only plain values. */
const DEFAULTS = {
  BOOL: toBoolean,
  BOOL_ARRAY: notWritable,
  DOUBLE: toDouble,
  DOUBLE_ARRAY: notWritable,
  INT64: (value) => (typeof value === 'string' ? parseInt64(value) : toInt64(value)),
  INT64_ARRAY: notWritable,
  STRING: toText,
  STRING_ARRAY: notWritable,
  BYTES: notWritable,
  STRUCT: notWritable,
  TIMESTAMP: notWritable,
} satisfies ValueParsers<NonNullable<InputEntry['default']>>;

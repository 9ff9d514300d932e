import type { SqlParameter, SqlType, SqlValue } from '../googlesql/evaluator.js';
import { LIMITS } from '../limits.js';
import { checkFields, invalid, required } from './api-error.js';
import { parseScalar } from './schema.js';

const KINDS: Readonly<Record<string, string>> = {
  BOOL: 'TYPE_BOOL',
  INT64: 'TYPE_INT64',
  FLOAT64: 'TYPE_DOUBLE',
  STRING: 'TYPE_STRING',
  BYTES: 'TYPE_BYTES',
  TIMESTAMP: 'TYPE_TIMESTAMP',
};

/** Named parameters only: a query with both kinds, or a parameter without type or value, is refused. */
export function readParameters(mode: unknown, input: unknown): SqlParameter[] {
  if (input === undefined) return [];
  if (mode !== 'NAMED' && mode !== 'named') throw invalid('parameterMode is not NAMED');
  const parameters = input as unknown[];
  if (parameters.length > LIMITS.bigquery.queryParameters.value)
    throw invalid('Too many query parameters: at most 10000 are allowed.');
  return parameters.map((parameter) => {
    const { name, parameterType, parameterValue } = checkFields(
      parameter,
      ['name', 'parameterType', 'parameterValue'],
      'queryParameters',
    );
    const type = readType(required(parameterType, 'parameterType'));
    const value = readValue(type, required(parameterValue, 'parameterValue'));
    if (Object.keys(value).length === 0) throw invalid(`Query parameter '${name}' cannot be NULL.`);
    return { name: required(name, 'name') as string, type, value };
  });
}

function readType(input: unknown): SqlType {
  const { type, arrayType, structTypes } = checkFields(input, ['type', 'arrayType', 'structTypes'], 'parameterType');
  if (type === 'ARRAY') return { type_kind: 'TYPE_ARRAY', array_type: { element_type: readType(arrayType) } };
  if (type === 'STRUCT') {
    const field = (structTypes as unknown[]).map((structType) => {
      const inner = checkFields(structType, ['name', 'type', 'description'], 'structTypes');
      return { field_name: required(inner.name, 'name') as string, field_type: readType(inner.type) };
    });
    return { type_kind: 'TYPE_STRUCT', struct_type: { field } };
  }
  const kind = KINDS[type];
  if (!kind) throw invalid(`Invalid value for type: ${type} is not a valid value`);
  return { type_kind: kind };
}

function readValue(type: SqlType, input: unknown): SqlValue {
  const { value, arrayValues, structValues } = checkFields(
    input,
    ['value', 'arrayValues', 'structValues'],
    'parameterValue',
  );
  if (type.array_type) {
    const { element_type } = type.array_type;
    const element = (required(arrayValues, 'arrayValues') as unknown[]).map((item) => readValue(element_type, item));
    return { array_value: { element } };
  }
  if (type.struct_type) {
    const fields = checkFields(
      required(structValues, 'structValues'),
      type.struct_type.field.map(({ field_name }) => field_name),
      'structValues',
    );
    return {
      struct_value: {
        field: type.struct_type.field.map(({ field_name, field_type }) =>
          readValue(field_type, required(fields[field_name], `structValues.${field_name}`)),
        ),
      },
    };
  }
  if (value === undefined || value === null) return {};
  if (typeof value !== 'string')
    throw invalid(`Invalid value at 'parameterValue.value' (TYPE_STRING), ${String(value)}`);
  return parseScalar(type.type_kind, value);
}

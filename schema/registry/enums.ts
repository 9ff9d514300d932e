import { registerEnumType } from 'type-graphql';
import { VALUE_TYPES, type ValueType } from '../../values/value-type.js';

const VALUE_TYPE_DESCRIPTIONS = {
  BOOL: 'true or false.',
  BOOL_ARRAY: 'A list of BOOL without nulls.',
  DOUBLE: 'A 64-bit floating point number; NaN and the infinities are values.',
  DOUBLE_ARRAY: 'A list of DOUBLE without nulls.',
  INT64: 'A signed 64-bit integer.',
  INT64_ARRAY: 'A list of INT64 without nulls.',
  STRING: 'Unicode text; the empty text is a value.',
  STRING_ARRAY: 'A list of STRING without nulls.',
  BYTES: 'Bytes, written in base64.',
  STRUCT: 'A JSON object. Integers beyond 2^53 inside it are strings.',
  TIMESTAMP: 'A moment in microseconds, UTC.',
} satisfies Record<ValueType, string>;

export const ValueTypeEnum = Object.fromEntries(VALUE_TYPES.map((valueType) => [valueType, valueType])) as {
  readonly [Type in ValueType]: Type;
};

registerEnumType(ValueTypeEnum, {
  name: 'ValueType',
  description: "The type of a feature's values.",
  valuesConfig: Object.fromEntries(
    VALUE_TYPES.map((valueType) => [valueType, { description: VALUE_TYPE_DESCRIPTIONS[valueType] }]),
  ),
});

/* The words are those of datasources/registry, and a test compares them, because schema imports no datasource. */
export const StoreKindEnum = {
  LMDB: 'LMDB',
  DUCKDB: 'DUCKDB',
  BIGTABLE: 'BIGTABLE',
  BIGQUERY: 'BIGQUERY',
  VERTEX_FEATURE_VIEW: 'VERTEX_FEATURE_VIEW',
  VERTEX_LEGACY: 'VERTEX_LEGACY',
} as const;

registerEnumType(StoreKindEnum, {
  name: 'StoreKind',
  description: 'The system that holds values.',
  valuesConfig: {
    LMDB: { description: 'Embedded, newest values: LMDB in the data folder.' },
    DUCKDB: { description: 'Embedded, all values: DuckDB in the data folder.' },
    BIGTABLE: { description: 'Google Cloud, newest values: a Bigtable table.' },
    BIGQUERY: { description: 'Google Cloud, all values: BigQuery tables.' },
    VERTEX_FEATURE_VIEW: { description: 'Google Cloud, newest values: a Vertex AI feature view.' },
    VERTEX_LEGACY: { description: 'Google Cloud: Vertex AI Feature Store (Legacy), which ends on 2027-02-17.' },
  },
});

export const SensitivityEnum = {
  PUBLIC: 'PUBLIC',
  INTERNAL: 'INTERNAL',
  CONFIDENTIAL: 'CONFIDENTIAL',
  PERSONAL: 'PERSONAL',
} as const;

registerEnumType(SensitivityEnum, {
  name: 'Sensitivity',
  description: "How careful one must be with a feature's values.",
  valuesConfig: {
    PUBLIC: { description: 'Known to everyone anyway.' },
    INTERNAL: { description: 'For the people of the company. The default.' },
    CONFIDENTIAL: { description: 'For those who need it.' },
    PERSONAL: { description: 'About a person: laws on personal data hold.' },
  },
});

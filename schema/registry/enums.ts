import { registerEnumType } from 'type-graphql';
import { VALUE_TYPES, type ValueType } from '../../values/value-type.js';

const VALUE_TYPE_DESCRIPTIONS = {
  BOOL: 'A boolean.',
  BOOL_ARRAY: 'A list of booleans. It contains no nulls.',
  DOUBLE: 'A 64-bit floating-point number. NaN and the infinities are values.',
  DOUBLE_ARRAY: 'A list of DOUBLE. It contains no nulls.',
  INT64: 'A signed 64-bit integer.',
  INT64_ARRAY: 'A list of INT64. It contains no nulls.',
  STRING: 'Unicode text. The empty text is a value, not a null.',
  STRING_ARRAY: 'A list of STRING. It contains no nulls.',
  BYTES: 'Bytes. In JSON: base64.',
  STRUCT: 'A JSON object. Integers beyond 2^53 in it are strings.',
  TIMESTAMP: 'A point in time in UTC, with microseconds.',
} satisfies Record<ValueType, string>;

export const ValueTypeEnum = Object.fromEntries(VALUE_TYPES.map((valueType) => [valueType, valueType])) as {
  readonly [Type in ValueType]: Type;
};

registerEnumType(ValueTypeEnum, {
  name: 'ValueType',
  description:
    'The type of the values of a feature, or of an input or output of a model. FeatureScalar describes how ' +
    'each type is written in JSON.',
  valuesConfig: Object.fromEntries(
    VALUE_TYPES.map((valueType) => [valueType, { description: VALUE_TYPE_DESCRIPTIONS[valueType] }]),
  ),
});

/* schema must not import a datasource, so the values are repeated here. A test compares them with the originals. */
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
  description: 'The database system of a store.',
  valuesConfig: {
    LMDB: { description: 'An embedded online store: LMDB in the data folder of the gateway.' },
    DUCKDB: { description: 'An embedded offline store: DuckDB in the data folder of the gateway.' },
    BIGTABLE: { description: 'An online store on Google Cloud: a Bigtable table.' },
    BIGQUERY: { description: 'An offline store on Google Cloud: BigQuery tables.' },
    VERTEX_FEATURE_VIEW: { description: 'An online store on Google Cloud: a feature view of Vertex AI.' },
    VERTEX_LEGACY: {
      description: 'A store on Google Cloud: Vertex AI Feature Store (Legacy). Google shuts it down on 2027-02-17.',
    },
  } satisfies Record<keyof typeof StoreKindEnum, object>,
});

export const SensitivityEnum = {
  PUBLIC: 'PUBLIC',
  INTERNAL: 'INTERNAL',
  CONFIDENTIAL: 'CONFIDENTIAL',
  PERSONAL: 'PERSONAL',
} as const;

registerEnumType(SensitivityEnum, {
  name: 'Sensitivity',
  description: 'How sensitive the values of a feature are. A policy can allow and deny by it (docs/policy.md).',
  valuesConfig: {
    PUBLIC: { description: 'Public data.' },
    INTERNAL: { description: 'Internal data of the organization. The default.' },
    CONFIDENTIAL: { description: 'Confidential data: only people who need it may read it.' },
    PERSONAL: { description: 'Personal data: data protection law applies.' },
  },
});

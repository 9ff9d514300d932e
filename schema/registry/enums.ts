import { registerEnumType } from 'type-graphql';

/*
 * type-graphql wants enum objects; the words are those of values/ and datasources/registry, and a test compares them,
 * because schema imports no datasource.
 */
export const ValueTypeEnum = {
  BOOL: 'BOOL',
  BOOL_ARRAY: 'BOOL_ARRAY',
  DOUBLE: 'DOUBLE',
  DOUBLE_ARRAY: 'DOUBLE_ARRAY',
  INT64: 'INT64',
  INT64_ARRAY: 'INT64_ARRAY',
  STRING: 'STRING',
  STRING_ARRAY: 'STRING_ARRAY',
  BYTES: 'BYTES',
  STRUCT: 'STRUCT',
  TIMESTAMP: 'TIMESTAMP',
} as const;

registerEnumType(ValueTypeEnum, {
  name: 'ValueType',
  description:
    'The type of the values of a feature, or of an input or output of a model. FeatureScalar describes how ' +
    'each type is written in JSON.',
  valuesConfig: {
    BOOL: { description: 'A boolean.' },
    BOOL_ARRAY: { description: 'A list of booleans. It contains no nulls.' },
    DOUBLE: { description: 'A 64-bit floating-point number. NaN and the infinities are values.' },
    DOUBLE_ARRAY: { description: 'A list of DOUBLE. It contains no nulls.' },
    INT64: { description: 'A signed 64-bit integer.' },
    INT64_ARRAY: { description: 'A list of INT64. It contains no nulls.' },
    STRING: { description: 'Unicode text. The empty text is a value, not a null.' },
    STRING_ARRAY: { description: 'A list of STRING. It contains no nulls.' },
    BYTES: { description: 'Bytes. In JSON: base64.' },
    STRUCT: { description: 'A JSON object. Integers beyond 2^53 in it are strings.' },
    TIMESTAMP: { description: 'A point in time in UTC, with microseconds.' },
  },
});

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
  description: 'How sensitive the values of a feature are. The gateway shows it and enforces nothing.',
  valuesConfig: {
    PUBLIC: { description: 'Public data.' },
    INTERNAL: { description: 'Internal data of the organization. The default.' },
    CONFIDENTIAL: { description: 'Confidential data: only people who need it may read it.' },
    PERSONAL: { description: 'Personal data: data protection law applies.' },
  },
});

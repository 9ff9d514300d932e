import graphql from '@graphql-eslint/eslint-plugin';
import eslint from '@eslint/js';
import boundaries from 'eslint-plugin-boundaries';
import tseslint from 'typescript-eslint';

/**
 * The rooms and who may look into which (docs/architecture.md). Ports are what the rest of the code may know of the
 * datasources; adapters are known to main.ts and cli alone.
 */
const ADAPTERS = [
  'vertex',
  'registry/yaml',
  'registry/vertex',
  'online/lmdb',
  'online/bigtable',
  'online/vertex-view',
  'online/vertex-legacy',
  'online/shadow',
  'offline/duckdb',
  'offline/bigquery',
  'jobs/lmdb',
  'jobs/local-batch-prediction',
  'jobs/local-training-set',
  'jobs/feature-view-sync',
  'jobs/vertex',
  'models/onnx',
  'models/http',
  'prices/files',
  'prices/lmdb',
  'prices/catalog',
  'ingestion',
];

const ROOMS = [
  ...ADAPTERS.map((room) => ({ type: 'adapter', pattern: `datasources/${room}`, partialMatch: false })),
  { type: 'point-in-time', pattern: 'datasources/offline/point-in-time', partialMatch: false },
  { type: 'port', pattern: 'datasources', partialMatch: false },
  ...[
    'errors',
    'values',
    'config',
    'schema',
    'resolvers',
    'limits',
    'observability',
    'server',
    'cli',
    'composition',
    'examples',
    'bench',
    'test',
  ].map((room) => ({ type: room, pattern: room, partialMatch: false })),
];

const MAY_IMPORT = {
  errors: [],
  values: ['errors'],
  config: ['errors'],
  schema: ['errors', 'values'],
  'point-in-time': ['port', 'errors', 'values'],
  port: ['port', 'point-in-time', 'errors', 'values'],
  adapter: ['adapter', 'port', 'point-in-time', 'errors', 'values'],
  limits: ['errors'],
  observability: ['errors'],
  resolvers: ['schema', 'port', 'errors', 'values'],
  server: ['schema', 'resolvers', 'port', 'limits', 'observability', 'errors', 'values', 'config'],
};
const EVERY_ROOM = [...new Set(ROOMS.map(({ type }) => type))];

const policies = EVERY_ROOM.map((room) => ({
  from: { element: { type: room } },
  allow: {
    to: {
      element: { types: { anyOf: [room, ...(MAY_IMPORT[room] ?? EVERY_ROOM.filter((other) => other !== 'test'))] } },
    },
  },
}));

/** The recommended one, but for Type in EntityType, and Query in the one field that is about a query of a store. */
const [severity, naming] = graphql.configs['flat/schema-recommended'].rules['@graphql-eslint/naming-convention'];
const QUERY_FIELD = 'FieldDefinition[parent.name.value=Query]';
const namingConvention = [
  severity,
  {
    ...naming,
    'ObjectTypeDefinition,ObjectTypeExtension': { forbiddenPrefixes: ['Type'] },
    [QUERY_FIELD]: { ...naming[QUERY_FIELD], ignorePattern: '^estimateHistoricalQuery$' },
  },
];

export default tseslint.config(
  { ignores: ['dist/', 'node_modules/', '**/generated/'] },
  {
    files: ['**/*.ts', '**/*.tsx'],
    extends: [eslint.configs.recommended, tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked],
    languageOptions: {
      parserOptions: { project: ['./tsconfig.json', './console/tsconfig.json'], tsconfigRootDir: import.meta.dirname },
    },
    rules: {
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allowBoolean: true, allowNullish: true },
      ],
      // A port's methods are promises for adapters over a network; an embedded one need not wait for anything.
      '@typescript-eslint/require-await': 'off',
      '@typescript-eslint/no-confusing-void-expression': [
        'error',
        { ignoreArrowShorthand: true, ignoreVoidReturningFunctions: true },
      ],
      // `!` says that something is there for a reason the types do not know; the alternative, a cast, hides it.
      '@typescript-eslint/no-non-null-assertion': 'off',
      // Instant is a bigint: naming it beside bigint tells the reader which of the two is meant.
      '@typescript-eslint/no-duplicate-type-constituents': 'off',
      '@typescript-eslint/consistent-indexed-object-style': 'off',
      // Schema classes are read by decorators, not constructed; resolvers give plain objects of their shape.
      '@typescript-eslint/no-unsafe-class-instance-assignment': 'off',
      '@typescript-eslint/no-extraneous-class': ['error', { allowWithDecorator: true }],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      '@typescript-eslint/no-unnecessary-type-parameters': 'off',
      'max-lines': ['error', { max: 250, skipBlankLines: true, skipComments: true }],
      'max-params': ['error', 6],
      'no-restricted-properties': [
        'error',
        { object: 'process', property: 'env', message: 'Only config/ reads the environment.' },
      ],
    },
  },
  {
    files: ['**/*.ts'],
    ignores: ['vitest.config.ts', 'console/**'],
    plugins: { boundaries },
    settings: {
      'boundaries/elements': ROOMS,
      'import/resolver': { typescript: { project: './tsconfig.json' } },
    },
    rules: {
      'boundaries/dependencies': [
        'error',
        {
          default: 'disallow',
          policies: [
            ...policies,
            { from: { element: { type: '*' } }, allow: { to: { module: { origin: ['external', 'core'] } } } },
          ],
        },
      ],
    },
  },
  {
    // Where data lives is nobody's GraphQL: these rooms must serve a CLI or a job as well.
    files: ['datasources/**', 'values/**'],
    rules: {
      'no-restricted-imports': ['error', { paths: ['graphql', 'type-graphql', '@apollo/server', 'graphql-scalars'] }],
    },
  },
  {
    files: ['config/**', 'cli/production-mode.ts', 'test/**', 'bench/**', 'examples/**'],
    rules: { 'no-restricted-properties': 'off' },
  },
  {
    files: ['test/**'],
    rules: {
      'max-lines': 'off',
      // An answer of the gateway is JSON of any shape; the assertion that follows is what checks it.
      '@typescript-eslint/no-explicit-any': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-call': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/restrict-plus-operands': 'off',
      '@typescript-eslint/unbound-method': 'off',
    },
  },
  {
    files: ['schema/schema.graphql'],
    languageOptions: { parser: graphql.parser },
    plugins: { '@graphql-eslint': graphql },
    rules: {
      ...graphql.configs['flat/schema-recommended'].rules,
      ...graphql.configs['flat/schema-relay'].rules,
      // entityId and entityType are the words of the field, and of Vertex AI, for what they name.
      '@graphql-eslint/no-typename-prefix': 'off',
      '@graphql-eslint/naming-convention': namingConvention,
      // Lists page forward only: nobody reads a registry or a history from its end.
      '@graphql-eslint/relay-arguments': ['error', { includeBoth: false }],
      // Small lists that are there as a whole are plain lists; values in a history are no nodes.
      '@graphql-eslint/relay-edge-types': ['error', { listTypeCanWrapOnlyEdgeType: false, shouldImplementNode: false }],
      // Values have no life of their own; their ids would be of nothing.
      '@graphql-eslint/strict-id-in-types': [
        'error',
        {
          exceptions: {
            types: [
              'PageInfo',
              'StoreInfo',
              'FeatureValue',
              'FeatureMatrix',
              'FlightsFeaturestore',
              'UserError',
              'ModelField',
              'Money',
              'CostLine',
              'CostEstimate',
              'Price',
              'ServingComparison',
              'ServingCostPoint',
              // Parts of a job, which has the id. Rows of its input have a number, no name.
              'JobProgress',
              'JobError',
              'BatchInput',
              'BatchOutput',
              'BatchResources',
              'Prediction',
              'PredictionFailure',
              'Metric',
              'TrainingSetOutput',
              'TrainingSetPreview',
              'TrainingSetValidation',
              'FeatureCoverage',
              'OffendingRow',
            ],
            suffixes: ['Connection', 'Edge', 'Payload'],
          },
        },
      ],
      '@graphql-eslint/require-description': [
        'error',
        {
          types: true,
          FieldDefinition: true,
          InputValueDefinition: true,
          EnumValueDefinition: true,
          DirectiveDefinition: true,
        },
      ],
    },
  },
);

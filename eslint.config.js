import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import graphql from '@graphql-eslint/eslint-plugin';
import eslint from '@eslint/js';
import boundaries from 'eslint-plugin-boundaries';
import tseslint from 'typescript-eslint';

/** Folders of a port that are not adapters: every adapter of the port may use them. */
const SHARED_IN_PORTS = ['datasources/registry/document', 'datasources/offline/point-in-time'];

/** Any other folder inside a port's folder is an adapter: the rules apply to a new one without an entry here. */
function listAdapters(port) {
  return readdirSync(join(import.meta.dirname, port), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => `${port}/${name}`)
    .filter((folder) => !SHARED_IN_PORTS.includes(folder));
}

/**
 * The folders and their permitted imports (docs/architecture.md). An adapter implements a port for one system. Each is
 * a separate element (`adapter` with its path), so that the rules can forbid imports between adapters.
 */
const ADAPTERS = [
  ...['registry', 'online', 'offline', 'job-store', 'output-tables', 'shared-files', 'streams'].flatMap((port) =>
    listAdapters(`datasources/${port}`),
  ),
  ...listAdapters('batch-prediction/models'),
  'batch-prediction/local',
  'batch-prediction/vertex',
  'costs/bigtable',
  'costs/catalog',
  'costs/files',
  'costs/lmdb',
  'ingestion/sync',
];

/** Code that adapters share. Only adapters and the composition may import it. */
const SHARED_BY_ADAPTERS = [
  { type: 'google', pattern: 'datasources/google', partialMatch: false },
  { type: 'document', pattern: 'datasources/registry/document', partialMatch: false },
  { type: 'files', pattern: 'datasources/files', partialMatch: false },
  { type: 'duckdb', pattern: 'datasources/duckdb', partialMatch: false },
];

/** These use ports, and use each other through ports. */
const SERVICES = [
  'serving',
  'ingestion',
  'training-sets',
  'statistics',
  'monitors',
  'backtests',
  'batch-prediction',
  'lineage',
  'jobs',
  'costs',
  'auth',
];

const ROOMS = [
  ...ADAPTERS.map((pattern) => ({ type: `adapter:${pattern}`, pattern, partialMatch: false })),
  ...SHARED_BY_ADAPTERS,
  { type: 'point-in-time', pattern: 'datasources/offline/point-in-time', partialMatch: false },
  { type: 'port', pattern: 'datasources', partialMatch: false },
  ...SERVICES.map((pattern) => ({ type: `service:${pattern}`, pattern, partialMatch: false })),
  ...[
    'runtime',
    'errors',
    'values',
    'config',
    'schema',
    'resolvers',
    'limits',
    'observability',
    'server',
    'migrate',
    'cli',
    'composition',
    'examples',
    'bench',
    'test',
  ].map((room) => ({ type: room, pattern: room, partialMatch: false })),
];

const PORTS = ['port', 'point-in-time'];
const SERVICE_PORTS = SERVICES.map((room) => `service:${room}`);
const BASE = ['runtime', 'errors', 'values'];
const MAY_IMPORT = {
  errors: [],
  runtime: ['errors'],
  values: ['errors'],
  config: ['errors'],
  limits: ['errors', 'runtime'],
  observability: ['errors', 'runtime'],
  schema: ['errors', 'values', 'limits'],
  'point-in-time': [...PORTS, ...BASE, 'duckdb'],
  port: [...PORTS, ...BASE, 'files'],
  files: [...PORTS, ...BASE, 'limits', 'duckdb'],
  duckdb: [...PORTS, ...BASE, 'files'],
  google: [...PORTS, ...BASE],
  document: [...PORTS, ...BASE, 'files'],
  // An adapter may import ports and shared adapter code, but no other adapter.
  ...Object.fromEntries(
    ADAPTERS.map((path) => [
      `adapter:${path}`,
      [...PORTS, ...BASE, ...SHARED_BY_ADAPTERS.map(({ type }) => type), ...SERVICE_PORTS, 'limits'],
    ]),
  ),
  ...Object.fromEntries(
    SERVICES.map((room) => [`service:${room}`, [...PORTS, ...BASE, 'files', 'duckdb', ...SERVICE_PORTS, 'limits']]),
  ),
  // The job engine must not depend on job kinds or prices: both depend on it.
  'service:jobs': [...PORTS, ...BASE, 'limits'],
  resolvers: ['schema', 'port', 'files', ...SERVICE_PORTS, 'limits', ...BASE],
  server: ['schema', 'resolvers', 'port', ...SERVICE_PORTS, 'limits', 'observability', ...BASE, 'config'],
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

/** The recommended setting, except for Type in EntityType. */
const [severity, naming] = graphql.configs['flat/schema-recommended'].rules['@graphql-eslint/naming-convention'];
const namingConvention = [
  severity,
  {
    ...naming,
    'ObjectTypeDefinition,ObjectTypeExtension': { forbiddenPrefixes: ['Type'] },
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
      // Ports return promises for adapters over a network; an embedded adapter may have nothing to await.
      '@typescript-eslint/require-await': 'off',
      '@typescript-eslint/no-confusing-void-expression': [
        'error',
        { ignoreArrowShorthand: true, ignoreVoidReturningFunctions: true },
      ],
      // `!` marks a value that exists for a reason that the types cannot express; the alternative, a cast, hides it.
      '@typescript-eslint/no-non-null-assertion': 'off',
      // Instant is a bigint: `Instant | bigint` tells the reader which meanings are allowed.
      '@typescript-eslint/no-duplicate-type-constituents': 'off',
      '@typescript-eslint/consistent-indexed-object-style': 'off',
      // Decorators read the schema classes, and no code constructs them; resolvers return plain objects of the same
      // shape.
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
      // Every new folder must be listed here; otherwise no rule would check its imports.
      'boundaries/no-unknown-files': 'error',
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
  { files: ['main.ts'], rules: { 'boundaries/no-unknown-files': 'off' } },
  {
    // These folders must also serve a CLI or a job, so they must not depend on GraphQL.
    files: ['datasources/**', 'values/**', 'runtime/**'],
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
      // A response of the gateway is JSON of any shape; the following assertion checks it.
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
      // entityId and entityType are the terms of Vertex AI.
      '@graphql-eslint/no-typename-prefix': 'off',
      '@graphql-eslint/naming-convention': namingConvention,
      // Connections page forward only: no client reads a registry or a history from the end.
      '@graphql-eslint/relay-arguments': ['error', { includeBoth: false }],
      // Short lists are plain lists. The values of a history are value objects without an id.
      '@graphql-eslint/relay-edge-types': ['error', { listTypeCanWrapOnlyEdgeType: false, shouldImplementNode: false }],
      // Value objects: each belongs to the object that contains it (docs/clients.md, "Value objects").
      '@graphql-eslint/strict-id-in-types': [
        'error',
        {
          exceptions: {
            types: [
              'PageInfo',
              'StoreInfo',
              'FeatureValue',
              'FeatureValueExplanation',
              'ExplainedRow',
              'OnlineOrigin',
              'FeatureValuesEvent',
              'WrittenFeatureValue',
              'FeatureStream',
              'FeatureExpectation',
              'ExpectationViolation',
              'UnexpectedValues',
              'ComputedRow',
              'ComputedViolation',
              'FeatureStatistics',
              'FeatureDrift',
              'ServedSkew',
              'FeatureServedSkew',
              'SkewStatusCount',
              'SkewExample',
              'FeatureQuantile',
              'ColumnStatistics',
              'ColumnDrift',
              'BacktestActual',
              'BacktestDrift',
              'BacktestSeries',
              'ValueCount',
              'HistogramBin',
              'StreamError',
              'FeatureMatrix',
              'UserError',
              'RemainingValues',
              'SchemaBreak',
              'RecomputedSource',
              'RegistryPlan',
              'Rename',
              'FeatureSource',
              'SourceTable',
              'SourceRefreshEstimate',
              'Lineage',
              'LineageNode',
              'LineageEdge',
              'ModelField',
              'Money',
              'Viewer',
              'Permission',
              'BudgetUsage',
              'CostLine',
              'CostEstimate',
              'Price',
              'ServingComparison',
              'ServingCostPoint',
              // Parts of a job. Rows of its input have a number.
              'JobProgress',
              'JobError',
              'ComputedSource',
              'MonitorCheck',
              'FileOptions',
              'BatchInput',
              'Attribution',
              'BatchInstances',
              'BatchOutput',
              'BatchResources',
              'Prediction',
              'PredictionFailure',
              'Metric',
              'TrainingSetOutput',
              'TrainingSetPreview',
              'LeftOutFeature',
              'TrainingSetValidation',
              'FeatureCoverage',
              'OffendingRow',
              'LabelCopy',
              'TrainingSetFeature',
              'GeneratedLabels',
              'TrainingSetJobInput',
              'TrainingSetJobJoin',
              'TrainingSetProvenance',
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

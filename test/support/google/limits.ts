/**
 * What Google Cloud refuses, in one place: the test servers refuse the same. `source` says where a number comes from:
 * - P: the protos that Google ships in its npm packages;
 * - D: the product's documentation, as ../shared/reference/google-cloud-facts.md cites it;
 * - assumed: not seen on the real cloud; the first real project may show something else.
 *
 * None of it was seen on the real cloud.
 */
export const LIMITS = {
  vertex: {
    displayNameLength: {
      value: 128,
      source: 'P batch_prediction_job.proto and others: "can be up to 128 characters long"',
    },
    labels: { value: 64, source: 'P: "No more than 64 user labels"; BigQuery too' },
    labelLength: { value: 63, source: 'D labels-intro says 63; the protos of Vertex AI say 64, so the stricter' },
    entityIdsPerStreamingRead: { value: 100, source: 'P featurestore_online_service.proto' },
    valuesPerWrite: { value: 100_000, source: 'P featurestore_online_service.proto' },
    writeBytes: { value: 1_048_576, source: 'D quotas: streaming ingestion, 1 MB a request; the code is assumed' },
    oldestValueDays: { value: 1825, source: 'P featurestore_online_service.proto' },
    newestValueDays: { value: 366, source: 'P featurestore_online_service.proto' },
    featureGroupIdLength: { value: 128, source: 'P feature_registry_service.proto' },
    onlineStoreIdLength: { value: 60, source: 'P feature_online_store_admin_service.proto' },
    featureViewIdLength: { value: 60, source: 'P feature_online_store_admin_service.proto' },
    featureGroups: { value: 250, source: 'D quotas: feature groups of a location' },
    onlineStores: { value: 10, source: 'D quotas' },
    featureViews: { value: 30, source: 'D quotas: over all online stores' },
    batchJobs: { value: 75, source: 'D quotas: concurrent batch jobs, exports among them' },
    featuresPerBatch: {
      value: 100,
      source: 'assumed from D quotas: 100 feature creations a minute, so that a larger request never passes',
    },
    featureIdLength: { value: 128, source: 'P featurestore_service.proto' },
    /** Of a project and region. The words of a refusal are assumed; its code is RESOURCE_EXHAUSTED. */
    quotasPerMinute: {
      management: { value: 600, metric: 'Resource management (CRUD) requests', source: 'D quotas' },
      submissions: {
        value: 60,
        metric: 'Job or LRO submission requests',
        source: 'D quotas: jobs and long-running operations, batch predictions among them',
      },
      featureCreations: { value: 100, metric: 'Feature creation', source: 'D quotas' },
      onlineServing: { value: 300_000, metric: 'Feature Store online serving requests', source: 'D quotas' },
    },
  },
  bigtable: {
    rowKeyBytes: { value: 4096, source: 'P data.proto' },
    qualifierBytes: { value: 16_384, source: 'P data.proto' },
    cellBytes: { value: 104_857_600, source: 'P data.proto' },
    mutations: { value: 100_000, source: 'P bigtable.proto: MutateRow and MutateRows' },
    filterBytes: { value: 20_480, source: 'assumed: 20 kB, recalled from the documentation of filters' },
    timestampMicros: { value: 1000, source: 'P table.proto: granularity MILLIS' },
    /**
     * Calls of the admin API. D bigtable/quotas; "a minute" is of a user, "a day" of a project. The page gives app profiles
     * no quota a day. Calls for values have no quota: nodes limit them.
     */
    adminQuotas: {
      instanceReads: { aMinute: 1000, aDay: 864_000, metric: 'Instance and cluster read requests' },
      instanceWrites: { aMinute: 100, aDay: 500, metric: 'Instance and cluster write requests' },
      appProfileReads: { aMinute: 1000, aDay: null, metric: 'App profile read requests' },
      appProfileWrites: { aMinute: 100, aDay: null, metric: 'App profile write requests' },
      tableReads: { aMinute: 1000, aDay: 864_000, metric: 'Table read requests' },
      tableWrites: { aMinute: 100, aDay: 5000, metric: 'Table write requests' },
    },
  },
  bigquery: {
    clusteringFields: { value: 4, source: 'D clustered-tables' },
    queryParameters: { value: 10_000, source: 'D quotas' },
    queryBytes: { value: 1_048_576, source: 'D quotas: 1 MB unresolved' },
    labels: { value: 64, source: 'D labels-intro' },
    labelLength: { value: 63, source: 'D labels-intro' },
    insertBytes: { value: 10_000_000, source: 'D quotas: 10 MB' },
    insertRows: { value: 50_000, source: 'D quotas' },
    insertIdLength: { value: 128, source: 'D quotas' },
    columnNameLength: { value: 300, source: 'D schemas' },
    tableIdLength: { value: 1024, source: 'D tables-intro' },
    requestsPerSecond: { value: 100, source: 'D quotas: of a user and method; 403 rateLimitExceeded' },
    concurrentRequests: { value: 300, source: 'D quotas: of a user; 403 rateLimitExceeded' },
    queuedQueries: {
      value: 1000,
      source: 'D quotas: interactive queries of a project that wait. How many run at once is BigQuery’s own choice',
    },
  },
} as const;

/** D clustered-tables: columns of these types cluster a table. */
export const CLUSTERING_TYPES = [
  'BIGNUMERIC',
  'BOOLEAN',
  'DATE',
  'DATETIME',
  'GEOGRAPHY',
  'INTEGER',
  'NUMERIC',
  'RANGE',
  'STRING',
  'TIMESTAMP',
];

/** D schemas: names of columns must not begin so, in any case. */
export const RESERVED_COLUMN_PREFIXES = [
  '_TABLE_',
  '_FILE_',
  '_PARTITION',
  '_ROW_TIMESTAMP',
  '__ROOT__',
  '_COLIDENTIFIER',
];

/**
 * Machine types by pattern, and the accelerators of each with their counts; an empty table means none. D
 * predictions/configure-compute. A family with built-in accelerators may be asked for with the count of the machine or
 * fewer, which is assumed.
 */
export const MACHINES: readonly {
  readonly type: RegExp;
  readonly accelerators: Readonly<Record<string, readonly number[]>>;
}[] = [
  {
    type: /^n1-(standard|highmem|highcpu)-(2|4|8|16|32)$/,
    accelerators: {
      NVIDIA_TESLA_T4: [1, 2, 4],
      NVIDIA_TESLA_P4: [1, 2, 4],
      NVIDIA_TESLA_P100: [1, 2, 4],
      NVIDIA_TESLA_V100: [1, 2, 4, 8],
    },
  },
  { type: /^e2-(standard-(2|4|8|16|32)|highmem-(2|4|8|16)|highcpu-(2|4|8|16|32))$/, accelerators: {} },
  { type: /^n2d?-(standard|highmem|highcpu)-(2|4|8|16|32|48|64|80|96|128|224)$/, accelerators: {} },
  { type: /^c2-standard-(4|8|16|30|60)$/, accelerators: {} },
  { type: /^c2d-(standard|highmem|highcpu)-(2|4|8|16|32|56|112)$/, accelerators: {} },
  { type: /^c3-(standard|highmem|highcpu)-(4|8|22|44|88|176)$/, accelerators: {} },
  { type: /^g2-standard-(4|8|12|16|32)$/, accelerators: { NVIDIA_L4: [1] } },
  { type: /^g2-standard-24$/, accelerators: { NVIDIA_L4: [1, 2] } },
  { type: /^g2-standard-48$/, accelerators: { NVIDIA_L4: [1, 2, 3, 4] } },
  { type: /^g2-standard-96$/, accelerators: { NVIDIA_L4: [1, 2, 3, 4, 5, 6, 7, 8] } },
  { type: /^a2-highgpu-1g$/, accelerators: { NVIDIA_TESLA_A100: [1] } },
  { type: /^a2-highgpu-2g$/, accelerators: { NVIDIA_TESLA_A100: [1, 2] } },
  { type: /^a2-highgpu-4g$/, accelerators: { NVIDIA_TESLA_A100: [1, 2, 3, 4] } },
  { type: /^a2-highgpu-8g$/, accelerators: { NVIDIA_TESLA_A100: [1, 2, 3, 4, 5, 6, 7, 8] } },
  { type: /^a3-highgpu-8g$/, accelerators: { NVIDIA_H100_80GB: [1, 2, 3, 4, 5, 6, 7, 8] } },
];

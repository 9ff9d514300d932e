import { join } from 'node:path';
import { DataFiles } from '../datasources/files/data-files.js';
import { BacktestHandler } from '../backtests/backtest-handler.js';
import type { Backtests } from '../backtests/backtests.js';
import { LocalBacktests } from '../backtests/local-backtests.js';
import { BatchPredictionsByRuntime } from '../batch-prediction/batch-predictions-by-runtime.js';
import type { BatchPredictions } from '../batch-prediction/batch-predictions.js';
import { ComputedFutureRows } from '../ingestion/refresh/computed-future-rows.js';
import { LocalSourceRefreshes } from '../ingestion/refresh/local-source-refreshes.js';
import { SourceRefreshHandler } from '../ingestion/refresh/source-refresh-handler.js';
import type { SourceRefreshes } from '../ingestion/source-refreshes.js';
import type { FeatureViewSyncs } from '../ingestion/feature-view-syncs.js';
import { JobEngine } from '../jobs/job-engine.js';
import type { BatchPredictionDependencies } from '../batch-prediction/local/batch-prediction-dependencies.js';
import { LocalBatchPredictionHandler } from '../batch-prediction/local/local-batch-prediction-handler.js';
import { LOCAL_BATCH_PREDICTION } from '../batch-prediction/local/local-batch-prediction-job.js';
import { LocalTablePredictor } from '../batch-prediction/local/local-table-predictor.js';
import { LocalBatchPredictions } from '../batch-prediction/local/local-batch-predictions.js';
import { jobIdsAfter } from '../jobs/new-job-id.js';
import { LocalMadeTrainingSets } from '../training-sets/local-made-training-sets.js';
import { LocalTrainingSets } from '../training-sets/local-training-sets.js';
import type { TrainingSetDependencies } from '../training-sets/training-set-dependencies.js';
import { TrainingSetHandler } from '../training-sets/training-set-handler.js';
import { JobAccounting } from '../costs/job-accounting.js';
import { VERTEX_BATCH_PREDICTION } from '../batch-prediction/vertex/vertex-batch-prediction-job.js';
import { removeStaleWorkFiles } from '../jobs/remove-stale-work-files.js';
import type { TrainingSets } from '../training-sets/training-sets.js';
import { DuckDbDatabase } from '../datasources/duckdb/database.js';
import type { Costs } from '../costs/costs.js';
import { ScheduleKeeper } from '../ingestion/schedule-keeper.js';
import type { Config } from '../config/config.js';
import { monitorSecret } from '../config/monitor-secret.js';
import type { Registry } from '../datasources/registry/registry.js';
import type { GatewayMetrics } from '../observability/gateway-metrics.js';
import { createComputedViolationsMetric } from '../observability/refresh-metrics.js';
import type { Logger } from '../observability/logger.js';
import type { Registry as MetricsRegistry } from 'prom-client';
import { systemClock } from '../values/clock.js';
import { openFeatureViewSyncs } from './feature-view-syncs.js';
import type { GoogleClientOptions } from './google-clients.js';
import { openJobStore } from './open-job-store.js';
import { openOutputTables } from './open-output-tables.js';
import { openSharedFiles } from './open-shared-files.js';
import { startSchedules, toMonitorLabels, toViewLabels } from './job-schedules.js';
import { openOutput } from './open-output.js';
import { logJobEnd } from './log-job-end.js';
import { openLineageEvents } from './open-lineage-events.js';
import { measuredJobStore } from './measured-job-store.js';
import { createModelServings, logModelFaults } from './models.js';
import { DuckDbColumnReads } from '../datasources/offline/duckdb/duckdb-column-reads.js';
import type { ServedLog } from '../serving/served-log/served-log.js';
import { SkewComparison } from '../statistics/served-skew/skew-comparison.js';
import { OutputStatistics } from '../statistics/output-statistics.js';
import { LocalMonitors } from '../monitors/local-monitors.js';
import { MonitorRunHandler } from '../monitors/monitor-run-handler.js';
import type { Monitors } from '../monitors/monitors.js';
import { Webhook } from '../monitors/webhook.js';
import { requestScope } from '../observability/request-scope.js';
import { PROCESS_LIMITS } from '../limits/process-limits.js';
import { makeFolder } from '../runtime/make-folder.js';
import { openOrDispose } from '../runtime/open-or-dispose.js';
import type { BilledQueries } from '../datasources/offline/billed-queries.js';
import type { OpenStores } from './stores.js';
import { openVertexBatchPrediction } from './vertex-batch-prediction.js';

export interface JobsOptions {
  readonly registry: Registry;
  readonly stores: OpenStores;
  readonly costs: Costs;
  readonly config: Config;
  readonly logger: Logger;
  readonly metrics: GatewayMetrics;
  readonly metricsRegistry: MetricsRegistry;
  readonly servedLog: ServedLog | null;
  readonly google?: GoogleClientOptions | undefined;
  readonly billedQueries: BilledQueries;
}

export interface OpenJobs {
  readonly engine: JobEngine;
  readonly batchPredictions: BatchPredictions;
  readonly trainingSets: TrainingSets;
  readonly madeTrainingSets: LocalMadeTrainingSets;
  readonly outputStatistics: OutputStatistics;
  readonly featureViewSyncs: FeatureViewSyncs;
  readonly sourceRefreshes: SourceRefreshes;
  readonly monitors: Monitors;
  readonly backtests: Backtests;
  /** Call this when the registry became another one: the schedules are others. */
  registryChanged(): Promise<void>;
  /** Call this before the stores close: jobs use them to their end. */
  close(): Promise<void>;
}

/** The job engine with all its handlers. It resumes the unfinished jobs of the last process. */
export async function openJobs(options: JobsOptions): Promise<OpenJobs> {
  return openOrDispose((opened) => openAll(options, opened));
}

async function openAll(options: JobsOptions, opened: AsyncDisposableStack): Promise<OpenJobs> {
  const { registry, stores, costs, config, logger, metrics } = options;
  const { dataDirectory } = config;
  const files = await DataFiles.open(join(dataDirectory, 'files'), stores.reader);
  const { database } = stores.embedded;
  const workFolder = join(dataDirectory, 'work');
  await makeFolder(workFolder);
  const scratch = await DuckDbDatabase.open(':memory:');
  opened.defer(() => scratch.close());
  const store = measuredJobStore(await openJobStore(config), metrics);
  // The engine closes the store when it stops. A start that fails before there is an engine closes it here.
  let hasEngine = false;
  opened.defer(async () => {
    if (!hasEngine) await store.close();
  });

  const servings = createModelServings();
  await logModelFaults(registry, servings, logger);
  const shared = openSharedFiles(config, options.google);
  const tables = openOutputTables(config, options.google);
  const batchDependencies: BatchPredictionDependencies = {
    jobs: store,
    files,
    shared: shared?.files,
    offline: database,
    scratch,
    workFolder,
    getModel: (name) => registry.models.find((model) => model.name === name),
    servings,
    clock: systemClock,
  };
  const trainingSetDependencies: TrainingSetDependencies = {
    database,
    findRemoteStore: stores.findRemoteStore,
    stores,
    registry,
    files,
    shared,
    tables,
    workFolder,
    clock: systemClock,
    currentSignal: () => requestScope.getStore()?.signal,
  };
  const localBatch = new LocalBatchPredictionHandler(batchDependencies);
  const vertexBatch = openVertexBatchPrediction({ registry, logger, google: options.google ?? {} });
  opened.defer(() => vertexBatch.close());
  const trainingSet = new TrainingSetHandler(trainingSetDependencies);
  const syncs = openFeatureViewSyncs({
    registry,
    stores,
    fillOwner: (entityType) => stores.fillOwner(entityType),
    clock: systemClock,
    onUnanswered: (err, view) =>
      logger.warn(
        { err, ...toViewLabels(view) },
        'the syncs of a view are those kept here: Vertex AI did not list its own',
      ),
    vertexClient: options.google?.vertex,
  });
  opened.defer(() => syncs.close());

  const futureRows = new ComputedFutureRows({
    registry,
    preparation: stores.preparation,
    clock: systemClock,
    onError: (err, { name, featurestore }) =>
      logger.error({ err, entityType: `${featurestore.name}.${name}` }, 'rows that became true were not served'),
  });
  opened.defer(() => futureRows.stop());
  const reads = new DuckDbColumnReads(database);
  const backtest = new BacktestHandler({
    ...trainingSetDependencies,
    getModel: batchDependencies.getModel,
    predictor: new LocalTablePredictor(batchDependencies),
    reads,
  });
  const refresh = new SourceRefreshHandler(
    registry,
    stores.preparation,
    () => futureRows.watch(),
    createComputedViolationsMetric(options.metricsRegistry),
  );

  const madeTrainingSets = new LocalMadeTrainingSets(trainingSetDependencies);
  const monitorRun = new MonitorRunHandler({
    registry,
    stores,
    servedSkew: new SkewComparison({ stores, trainingSets: madeTrainingSets, servedLog: options.servedLog }),
    jobs: store,
    webhook: new Webhook({ secretOf: monitorSecret, now: Date.now }),
    clock: systemClock,
    onUndelivered: (err, monitor) =>
      logger.error({ err, ...toMonitorLabels(monitor) }, 'an alert was not delivered; the next run sends it again'),
  });

  const lineage = await openLineageEvents({ ...options, files, store, opened });
  const [newest] = await store.list({ filter: {}, before: null, limit: 1 });
  const engine = new JobEngine({
    store,
    handlers: [localBatch, vertexBatch.handler, trainingSet, refresh, monitorRun, backtest, ...syncs.handlers],
    clock: systemClock,
    newId: jobIdsAfter(newest?.id),
    maxRunning: PROCESS_LIMITS.maxRunningJobs,
    accounting: new JobAccounting(costs, systemClock),
    billedQueries: options.billedQueries,
    onError: (error, job) => logger.error({ err: error, job: job.id }, 'something of a job went wrong'),
    onBegin: (job) => lineage?.began(job),
    onEnd: (job, cause) => {
      logJobEnd(logger, job, cause);
      lineage?.ended(job);
    },
    onStoreError: (err) => logger.warn({ err }, 'the jobs of other gateways are not looked at: this is repeated'),
  });
  // Schedules stop first, then the engine, which closes the job store: its jobs use everything else to their end.
  hasEngine = true;
  opened.defer(() => engine.stop());
  const swept = await removeStaleWorkFiles(workFolder, store);
  if (swept.length > 0) logger.info({ files: swept.length }, 'work of jobs that had ended was removed');
  await engine.resume();

  futureRows.watch();

  const featureViewSyncs = syncs.createSyncs(engine);
  const sourceRefreshes = new LocalSourceRefreshes(engine, refresh, stores.embedded, systemClock);
  const monitors = new LocalMonitors(engine, monitorRun);
  const keeper = new ScheduleKeeper({
    store,
    startAll: (since) =>
      startSchedules({ registry, since, syncs: featureViewSyncs, refreshes: sourceRefreshes, monitors, logger }),
    clock: systemClock,
    onChange: (isKeeper) => {
      if (store.lookEveryMs === null) return;
      logger.info({ isKeeper }, isKeeper ? 'this gateway keeps the schedules' : 'another gateway keeps the schedules');
    },
    onError: (err) => logger.warn({ err }, 'who keeps the schedules is not known: this is repeated'),
  });
  opened.defer(() => keeper.stop());
  if (config.areSchedulesKept) await keeper.start();
  const local = {
    handler: LOCAL_BATCH_PREDICTION.handler,
    predictions: new LocalBatchPredictions(engine, localBatch, batchDependencies),
  };
  const vertex = {
    handler: VERTEX_BATCH_PREDICTION.handler,
    predictions: vertexBatch.createPredictions(engine),
  };
  return {
    engine,
    batchPredictions: new BatchPredictionsByRuntime({ ONNX: local, HTTP: local, VERTEX: vertex }),
    trainingSets: new LocalTrainingSets(engine, trainingSet, trainingSetDependencies),
    madeTrainingSets,
    outputStatistics: new OutputStatistics({
      engine,
      reads,
      openOutput: (job, field) => openOutput(job, field, { trainingSetDependencies, batchDependencies }),
      currentSignal: () => requestScope.getStore()?.signal,
    }),
    featureViewSyncs,
    sourceRefreshes,
    monitors,
    backtests: new LocalBacktests(engine, backtest),
    registryChanged: async () => {
      futureRows.watch();
      await keeper.restart();
    },
    close: () => opened.disposeAsync(),
  };
}

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { lexicographicSortSchema, printSchema } from 'graphql';
import { describe, expect, it } from 'vitest';
import { FILE_FORMATS } from '../../../datasources/files/file-format.js';
import { BACKTEST, BACKTEST_TASKS } from '../../../backtests/backtests.js';
import { BacktestTaskEnum } from '../../../schema/job/backtest-task.js';
import { METRICS } from '../../../batch-prediction/batch-predictions.js';
import { SYNC_TRIGGERS } from '../../../ingestion/feature-view-syncs.js';
import { BATCH_PREDICTION } from '../../../batch-prediction/batch-predictions.js';
import { REFRESH_TRIGGERS, SOURCE_REFRESH } from '../../../ingestion/source-refreshes.js';
import { FEATURE_VIEW_SYNC } from '../../../ingestion/feature-view-syncs.js';
import { MONITOR_RUN, MONITOR_TRIGGERS, ALERT_STATES, MONITOR_CHECKS } from '../../../monitors/monitors.js';
import { TRAINING_SET } from '../../../training-sets/training-sets.js';
import { JOB_STATES } from '../../../datasources/job-store/job-state.js';
import { MODEL_RUNTIMES } from '../../../datasources/registry/prediction-model.js';
import { SENSITIVITIES, STORE_KINDS } from '../../../datasources/registry/model.js';
import { registryJsonSchema } from '../../../datasources/registry/document/document.js';
import { loadRegistry } from '../../../datasources/registry/yaml/load-registry.js';
import { buildSchema } from '../../../resolvers/build-schema.js';
import { FileFormatEnum, JobKindEnum, JobStateEnum, MetricKindEnum } from '../../../schema/job/enums.js';
import { FULL_REFRESH_REASONS } from '../../../datasources/offline/importing-offline-store.js';
import { RefreshTriggerEnum, FullRefreshReasonEnum } from '../../../schema/job/source-refresh-job.js';
import { SyncTriggerEnum } from '../../../schema/job/feature-view-sync-job.js';
import {
  MonitorAlertStateEnum,
  MonitorCheckKindEnum,
  MonitorTriggerEnum,
} from '../../../schema/job/monitor-run-job.js';
import { ModelRuntimeEnum } from '../../../schema/model/model.js';
import { STREAM_KINDS } from '../../../datasources/registry/stream-settings.js';
import { STREAM_STATES } from '../../../ingestion/streams/stream-status.js';
import { StreamKindEnum, StreamStateEnum } from '../../../schema/registry/feature-stream.js';
import { EXPECTATION_KINDS, VIOLATION_ACTIONS } from '../../../datasources/registry/expectation.js';
import { ExpectationKindEnum, ViolationActionEnum } from '../../../schema/registry/feature-expectation.js';
import { SensitivityEnum, StoreKindEnum, ValueTypeEnum } from '../../../schema/registry/enums.js';
import { VALUE_TYPES } from '../../../values/value-type.js';

const root = join(import.meta.dirname, '../../..');
const read = (path: string) => readFileSync(join(root, path), 'utf8');

describe('committed files made from code', () => {
  it('schema/schema.graphql is the schema (npm run schema)', async () => {
    const schema = buildSchema(await loadRegistry(join(root, 'examples/flights/registry.yaml')));
    expect(`${printSchema(lexicographicSortSchema(schema))}\n`).toBe(read('schema/schema.graphql'));
  });

  it('registry.schema.json is the shape of a registry file (npm run schema)', () => {
    expect(`${JSON.stringify(registryJsonSchema(), null, 2)}\n`).toBe(
      read('datasources/registry/registry.schema.json'),
    );
  });
});

it('the enums of the schema have the words of the datasources', () => {
  expect(Object.values(ValueTypeEnum)).toEqual([...VALUE_TYPES]);
  expect(Object.values(StoreKindEnum)).toEqual([...STORE_KINDS]);
  expect(Object.values(StreamKindEnum)).toEqual([...STREAM_KINDS]);
  expect(Object.values(StreamStateEnum)).toEqual([...STREAM_STATES]);
  expect(Object.values(SensitivityEnum)).toEqual([...SENSITIVITIES]);
  expect(Object.values(ExpectationKindEnum)).toEqual([...EXPECTATION_KINDS]);
  expect(Object.values(ViolationActionEnum)).toEqual([...VIOLATION_ACTIONS]);
  expect(Object.values(BacktestTaskEnum)).toEqual([...BACKTEST_TASKS]);
  expect(Object.values(JobStateEnum)).toEqual([...JOB_STATES]);
  expect(Object.values(JobKindEnum)).toEqual([
    BATCH_PREDICTION,
    TRAINING_SET,
    FEATURE_VIEW_SYNC,
    SOURCE_REFRESH,
    MONITOR_RUN,
    BACKTEST,
  ]);
  expect(Object.values(SyncTriggerEnum)).toEqual([...SYNC_TRIGGERS]);
  expect(Object.values(RefreshTriggerEnum)).toEqual([...REFRESH_TRIGGERS]);
  expect(Object.values(MonitorTriggerEnum)).toEqual([...MONITOR_TRIGGERS]);
  expect(Object.values(MonitorAlertStateEnum)).toEqual([...ALERT_STATES]);
  expect(Object.values(MonitorCheckKindEnum)).toEqual([...MONITOR_CHECKS]);
  expect(Object.values(FullRefreshReasonEnum)).toEqual([...FULL_REFRESH_REASONS]);
  expect(Object.values(FileFormatEnum)).toEqual([...FILE_FORMATS]);
  expect(Object.values(MetricKindEnum)).toEqual([...METRICS]);
  expect(Object.values(ModelRuntimeEnum)).toEqual([...MODEL_RUNTIMES]);
});

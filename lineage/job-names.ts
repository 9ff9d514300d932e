import { createHash } from 'node:crypto';
import { isBacktest } from '../backtests/backtests.js';
import { isBatchPredictionJob } from '../batch-prediction/batch-predictions.js';
import type { JobRecord } from '../datasources/job-store/job-record.js';
import { isFeatureViewSyncJob } from '../ingestion/feature-view-syncs.js';
import { isSourceRefreshJob } from '../ingestion/source-refreshes.js';
import { isMonitorRun } from '../monitors/monitors.js';
import { isTrainingSetJob, type TrainingSetSpec } from '../training-sets/training-sets.js';
import { toCanonicalJson } from '../values/canonical-json.js';

/** What OpenLineage calls a job: work that recurs, of which each job of the gateway is a run. */
export interface LineageJob {
  /** Made of names of the registry: what a client wrote into a display name or a label is no part of it. */
  readonly name: string;
  readonly description: string;
}

const DIGITS_OF_DIGEST = 12;

export function toLineageJob(job: JobRecord): LineageJob {
  if (isTrainingSetJob(job)) return ofTrainingSet(job.spec);
  if (isBatchPredictionJob(job)) {
    return { name: `batch_prediction.${job.spec.model}`, description: 'Predictions of a model for rows of an input.' };
  }
  if (isSourceRefreshJob(job)) {
    const { featurestore, entityType, source } = job.spec;
    return {
      name: ['source_refresh', featurestore, entityType, ...(source === null ? [] : [source])].join('.'),
      description: 'The SQL of sources computes the values of features from files.',
    };
  }
  if (isFeatureViewSyncJob(job)) {
    return {
      name: `feature_view_sync.${job.spec.featurestore}.${job.spec.featureView}`,
      description: 'The newest values of a feature view are copied from the offline to the online store.',
    };
  }
  if (isMonitorRun(job)) {
    return {
      name: `monitor_run.${job.spec.featurestore}.${job.spec.monitor}`,
      description: 'Features are checked over a window of time.',
    };
  }
  if (isBacktest(job)) {
    return {
      name: `backtest.${job.spec.model}`,
      description: 'A model predicts at moments of the past, and the predictions are compared with what happened.',
    };
  }
  return { name: job.kind.toLowerCase(), description: 'A job of the gateway.' };
}

/**
 * Training sets have no name in the registry. The same features for labels of the same place are the same job, whenever it
 * runs. Moments, rows and entity ids of a request are left out of the digest: of few possible values, it would tell which.
 */
function ofTrainingSet({ labels, joins, withTimestamps }: TrainingSetSpec): LineageJob {
  const { featurestore, entityType } = joins[0]!;
  const place = labels.kind === 'FILE' ? labels.file : labels.kind === 'TABLE' ? labels.table : ofGenerated(labels);
  const recurring = toCanonicalJson([labels.kind, place, labels.timeColumn, joins, withTimestamps]);
  const digest = createHash('sha256').update(recurring).digest('hex').slice(0, DIGITS_OF_DIGEST);
  return {
    name: `training_set.${featurestore}.${entityType}.${digest}`,
    description: 'Labels are joined with the values of features as of the time of each label.',
  };
}

function ofGenerated(labels: TrainingSetSpec['labels']): string | null {
  if (labels.kind !== 'GENERATED') return null;
  return labels.times.kind === 'EVENTS' ? labels.times.feature : toCanonicalJson(labels.times.every);
}

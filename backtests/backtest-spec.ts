import type { Model, ModelField } from '../datasources/registry/prediction-model.js';
import { getEntityType, getFeature, type Registry } from '../datasources/registry/registry.js';
import { hasCreationTime } from '../datasources/offline/point-in-time/no-creation-time.js';
import { AppError, badInput } from '../errors/app-error.js';
import { REQUEST_LIMITS } from '../limits/request-limits.js';
import { JobFailure } from '../jobs/job-failure.js';
import { toTrainingSetRequest, toTrainingSetSpec } from '../training-sets/training-set-spec.js';
import type { TrainingSetRequest } from '../training-sets/training-sets.js';
import type { BacktestDependencies } from './backtest-dependencies.js';
import type { BacktestRequest, BacktestSpec } from './backtests.js';
import { checkWindow } from './windows.js';

export function toBacktestSpec({ model, rows, actual, settings }: BacktestRequest): BacktestSpec {
  const { output: _, ...spec } = toTrainingSetSpec(rows, { format: 'PARQUET', location: null });
  return {
    model: model.name,
    rows: spec,
    actual: actual.kind === 'COLUMN' ? actual : { ...actual, feature: actual.feature.name },
    settings,
  };
}

/** Restores the request from the registry of now, which may lack a feature or the model. */
export function toBacktestRequest(
  { model: name, rows, actual, settings }: BacktestSpec,
  { registry, getModel }: BacktestDependencies,
): BacktestRequest {
  const model = getModel(name);
  if (!model) throw new JobFailure('MODEL_NOT_FOUND', `There is no model "${name}" any more.`);
  const request = toTrainingSetRequest({ ...rows, output: { format: 'PARQUET', location: null } }, registry);
  if (actual.kind === 'COLUMN') return { model, rows: request, actual, settings };
  return {
    model,
    rows: request,
    actual: { ...actual, feature: actualFeature(rows, actual.feature, registry) },
    settings,
  };
}

function actualFeature({ joins }: BacktestSpec['rows'], feature: string, registry: Registry) {
  const { featurestore, entityType } = joins[0]!;
  return getFeature(getEntityType(registry.featurestore(featurestore), entityType), feature, 'actual.feature.name');
}

/** Refuses what the request alone shows. */
export function checkBacktest({ model, actual, settings }: BacktestRequest): void {
  comparedOutput(model, settings.output);
  const { window, threshold, batchSize, baseline } = settings;
  if (model.runtime === 'VERTEX') {
    throw badInput('A backtest runs models on this machine. Models on Vertex AI predict in jobs there.', 'model');
  }
  checkWindow(window);
  if (!(threshold >= 0 && threshold <= 1)) throw badInput('"threshold" is a number from 0 to 1.', 'threshold');
  const { maxBatchSize } = REQUEST_LIMITS;
  if (batchSize < 1 || batchSize > maxBatchSize) {
    throw badInput(`"batchSize" is a number from 1 to ${maxBatchSize}, not ${batchSize}.`, 'batchSize');
  }
  if (baseline && baseline.from >= baseline.before) throw badInput('The baseline is empty.', 'baseline.from');
  if (actual.kind === 'COLUMN') {
    if (!model.inputs.some(({ name }) => name.toLowerCase() === actual.column.toLowerCase())) return;
    throw badInput(`The model has the input "${actual.column}": it would get what it is to predict.`, 'actual.column');
  }
  if (actual.horizon <= 0n) throw badInput('"horizonSeconds" is greater than 0.', 'actual.feature.horizonSeconds');
  if (
    !['BOOL', 'DOUBLE', 'INT64'].includes(actual.feature.valueType) ||
    actual.feature.source.timestampColumn === null
  ) {
    throw badInput(
      'The actual values are of a BOOL, DOUBLE or INT64 whose source has event times.',
      'actual.feature.name',
    );
  }
}

/** The output of the model whose numbers are compared. */
export function comparedOutput({ name, outputs }: Model, asked: string | null): string {
  const numbers = outputs.filter(isNumber);
  const found = asked === null ? numbers : numbers.filter((output) => output.name === asked);
  const [first, ...others] = found;
  if (first && others.length === 0) return first.name;
  const names = numbers.map((output) => output.name).join(', ') || 'none';
  throw badInput(`Name one output of the model "${name}" that is a number. It declares: ${names}.`, 'output');
}

function isNumber({ valueType }: ModelField): boolean {
  return valueType === 'DOUBLE' || valueType === 'INT64' || valueType === 'BOOL';
}

/** The rows of a backtest: where all sources have creation times, with only what was written by each moment. */
export function knownRows(rows: TrainingSetRequest, { findRemoteStore }: BacktestDependencies): TrainingSetRequest {
  if (rows.options.knownAt != null) {
    throw new AppError('BAD_USER_INPUT', 'A backtest knows what was known at each moment. Leave out "knownAt".', {
      field: 'trainingSet.knownAt',
    });
  }
  const isKnown = rows.joins.every(({ entityType, features }) => {
    const store = findRemoteStore(entityType.featurestore);
    return features.every(
      ({ source }) => source.timestampColumn === null || (store?.hasCreationTimes(source) ?? hasCreationTime(source)),
    );
  });
  return isKnown ? { ...rows, options: { ...rows.options, knownAtLabelTime: true } } : rows;
}

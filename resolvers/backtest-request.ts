import { checkJob } from '../auth/policy/permission.js';
import type { BacktestRequest } from '../backtests/backtests.js';
import type { StartBacktestInput } from '../schema/job/start-backtest.js';
import { ttlFromSeconds } from '../values/instant.js';
import { modelName } from './batch-prediction-request.js';
import { namedFeature, visibleModels } from './catalogue.js';
import type { RequestContext } from './context.js';
import { toInterval } from './generated-labels.js';
import { checkRead } from './statistics-request.js';
import { trainingSetCostLimit } from './training-set-access.js';
import { trainingSetRequest } from './training-set-request.js';

/** Makes the request of the port from the input, under the policy, with the limit of its cost. Errors name the field of the input. */
export function backtestRequest(
  context: RequestContext,
  input: StartBacktestInput,
): { readonly request: BacktestRequest; readonly maxCostUsd: number | null } {
  const { registry, access } = context;
  const model = registry.model(modelName(input.model), 'model', visibleModels(access, registry.models));
  const ofModel = checkJob(access.batchPrediction(model.name), input.maxCostUsd ?? null, 'use this model', 'model');
  const rows = trainingSetRequest(context, input.trainingSet);
  const { entityType } = rows.joins[0]!;
  const { column, feature } = input.actual;
  const { baseline, window } = input;
  const wanted = feature && namedFeature(access, entityType, feature.name, 'actual.feature.name');
  if (wanted) checkRead(access, wanted, null, 'actual.feature.name');
  return {
    request: {
      model,
      rows,
      actual: wanted
        ? {
            kind: 'FEATURE',
            feature: wanted,
            horizon: ttlFromSeconds(feature.horizonSeconds, 'actual.feature.horizonSeconds') ?? 0n,
          }
        : { kind: 'COLUMN', column: column! },
      settings: {
        output: input.output ?? null,
        task: input.task ?? 'REGRESSION',
        threshold: input.threshold ?? 0.5,
        window: toInterval(window),
        baseline: baseline ? { from: baseline.from, before: baseline.before } : null,
        batchSize: input.batchSize ?? 1000,
      },
    },
    maxCostUsd: trainingSetCostLimit(access, rows.joins, ofModel),
  };
}

/** The fields of StartBacktestInput itself. All others of a request are fields of its trainingSet. */
const OWN_FIELDS = new Set([
  'actual',
  'baseline',
  'batchSize',
  'cancelAboveUsd',
  'displayName',
  'idempotencyKey',
  'maxCostUsd',
  'model',
  'output',
  'task',
  'threshold',
  'trainingSet',
  'window',
]);

/** The path in the input of a field that the service names. */
export function backtestField(field: string): string {
  const [first = ''] = field.split(/[.[]/);
  return OWN_FIELDS.has(first) ? field : `trainingSet.${field}`;
}

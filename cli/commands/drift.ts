import Table from 'cli-table3';
import { Command, InvalidArgumentError } from 'commander';
import { OperatorError } from '../../errors/operator-error.js';
import {
  gatewayAt,
  jobName,
  tokenOption,
  urlOption,
  type GatewayClient,
  type GatewayOptions,
} from '../gateway-client.js';
import { askOutput, type AskedOutput } from '../job-output.js';
import { amount, listFeatures, refusal, type EntityTypeName } from '../list-features.js';
import { FOUND_EXIT_CODE } from '../watch-job.js';
import { figure } from '../statistics-tables.js';

interface DriftOptions extends GatewayOptions {
  readonly baselineFrom?: string;
  readonly baselineBefore?: string;
  readonly from?: string;
  readonly job?: string;
  readonly baselineJob?: string;
  readonly column?: readonly string[];
  readonly before?: string;
  readonly metric?: string;
  readonly threshold?: number;
  readonly maxCostUsd?: number;
}

interface Drift {
  readonly metric: string;
  readonly distance: number | null;
  readonly threshold: number | null;
  readonly isDrift: boolean | null;
  /** Digits. */
  readonly baselineCount: string;
  readonly count: string;
}

const DRIFT_FIELDS = 'metric distance threshold isDrift baselineCount count';

const QUERY = `query ($featurestore: String!, $entityType: String!, $feature: String!, $baseline: TimeRangeInput!,
  $range: TimeRangeInput!, $metric: DriftMetric, $threshold: Float, $maxCostUsd: Float) {
  featurestore(name: $featurestore) { entityType(name: $entityType) { feature(name: $feature) {
    drift(baseline: $baseline, range: $range, metric: $metric, threshold: $threshold, maxCostUsd: $maxCostUsd) {
      ${DRIFT_FIELDS} } } } } }`;

const VALUE_TYPES = `query ($featurestore: String!, $entityType: String!, $feature: String!) {
  featurestore(name: $featurestore) { entityType(name: $entityType) { feature(name: $feature) { valueType } } } }`;

/** The value types that are neither numbers nor categories are left out of the table of all features. */
const COMPARED = ['INT64', 'DOUBLE', 'BOOL', 'STRING'];

/** `featuregraph drift`: the distances of features between two ranges. The exit code says whether a threshold is passed. */
export function driftCommand(write: (text: string) => void): Command {
  return new Command('drift')
    .description(
      'Compare feature values of a range with a baseline (docs/statistics.md). Exit code 2: a feature drifted; 1: no values were compared.',
    )
    .argument('[featurestore]', 'the featurestore')
    .argument('[entityType]', 'the entity type')
    .argument('[feature]', 'the feature; without it, all features whose values can be compared')
    .option('--from <time>', 'the begin of the range, e.g. 2001-05-01T00:00:00Z; only predictions need none')
    .option('--before <time>', 'the end of the range, exclusive (default: now)')
    .option('--baseline-from <time>', 'the begin of the baseline (default: the first value)')
    .option('--baseline-before <time>', 'the end of the baseline, exclusive (default: the begin of the range)')
    .option('--job <id>', 'instead of features: a training set as the baseline of --from, or the predictions of a job')
    .option('--baseline-job <id>', 'with --job: the predictions that are the baseline')
    .option('--column <name...>', 'with --job: only these columns')
    .option('--metric <metric>', 'jensen_shannon, l_infinity, population_stability_index or wasserstein')
    .option('--threshold <distance>', 'the threshold (default: that of the registry, or else 0.3)', distanceOf)
    .option('--max-cost-usd <amount>', 'refuse each query with a higher estimate', amount)
    .addOption(urlOption())
    .addOption(tokenOption())
    .action(
      async (
        featurestore: string | undefined,
        entityType: string | undefined,
        feature: string | undefined,
        options: DriftOptions,
      ) => {
        const gateway = gatewayAt(options);
        if (options.job !== undefined) {
          if (featurestore !== undefined) throw new OperatorError('Name features or a job, not both.');
          report(write, await askOutputDrift(gateway, options.job, options));
          return;
        }
        if (featurestore === undefined || entityType === undefined) {
          throw new OperatorError('Name a featurestore and an entity type, or a job by --job.');
        }
        requireFrom(options);
        const place = { featurestore, entityType };
        if (feature !== undefined) {
          report(write, [[feature, await askDrift(gateway, { ...place, feature }, options)]]);
          return;
        }
        const rows: [string, Drift | string][] = [];
        // One after another: each reads a whole history.
        for (const name of await listFeatures(gateway, place)) {
          if (!(await isCompared(gateway, { ...place, feature: name }))) continue;
          rows.push([name, await askDrift(gateway, { ...place, feature: name }, options).catch(refusal)]);
        }
        report(write, rows);
      },
    );
}

/** A training set is compared with a range, and predictions with those of another job. */
async function askOutputDrift(
  gateway: GatewayClient,
  job: string,
  options: DriftOptions,
): Promise<(readonly [string, Drift])[]> {
  const { from, before, baselineJob, column, metric, threshold, maxCostUsd } = options;
  const common = 'columns: $columns, metric: $metric, threshold: $threshold, maxCostUsd: $maxCostUsd';
  const definitions = '$columns: [String!], $metric: DriftMetric, $threshold: Float, $maxCostUsd: Float';
  const values = { columns: column, metric: metric?.toUpperCase(), threshold, maxCostUsd };
  if (baselineJob === undefined && from === undefined) {
    throw new OperatorError('Say what the output of the job is compared with:', [
      'a training set with the values of a range: --from',
      'predictions with those of another job: --baseline-job',
    ]);
  }
  const asked: AskedOutput =
    baselineJob === undefined
      ? {
          variables: `$range: TimeRangeInput!, ${definitions}`,
          values: { ...values, range: { from, before } },
          trainingSet: `drift(range: $range, ${common}) { column drift { ${DRIFT_FIELDS} } }`,
          predictions: null,
        }
      : {
          variables: `$baselineJob: ID!, ${definitions}`,
          values: { ...values, baselineJob: jobName(baselineJob) },
          trainingSet: null,
          predictions: `drift(baselineJob: $baselineJob, ${common}) { column drift { ${DRIFT_FIELDS} } }`,
        };
  const columns = await askOutput<readonly { readonly column: string; readonly drift: Drift }[]>(gateway, job, asked);
  return columns.map((found) => [found.column, found.drift]);
}

function requireFrom({ from }: DriftOptions): void {
  if (from === undefined)
    throw new OperatorError('Add --from: the start of the range that is compared with the baseline.');
}

type FeatureName = EntityTypeName & { readonly feature: string };

async function askDrift(
  gateway: GatewayClient,
  place: FeatureName,
  { from, before, baselineFrom, baselineBefore = from, metric, threshold, maxCostUsd }: DriftOptions,
): Promise<Drift> {
  const variables = {
    ...place,
    baseline: { from: baselineFrom, before: baselineBefore },
    range: { from, before },
    metric: metric?.toUpperCase(),
    threshold,
    maxCostUsd,
  };
  const { featurestore } = await gateway.ask<{ featurestore: { entityType: { feature: { drift: Drift } } } }>(
    QUERY,
    variables,
  );
  return featurestore.entityType.feature.drift;
}

async function isCompared(gateway: GatewayClient, place: FeatureName): Promise<boolean> {
  const { featurestore } = await gateway.ask<{ featurestore: { entityType: { feature: { valueType: string } } } }>(
    VALUE_TYPES,
    { ...place },
  );
  return COMPARED.includes(featurestore.entityType.feature.valueType);
}

function report(write: (text: string) => void, rows: readonly (readonly [string, Drift | string])[]): void {
  write(driftTable(rows));
  if (rows.some(([, of]) => typeof of !== 'string' && of.isDrift === true)) process.exitCode = FOUND_EXIT_CODE;
  // A range without values must not look like one without drift.
  else if (rows.some(([, of]) => typeof of === 'string') || rows.every(([, of]) => (of as Drift).distance === null)) {
    process.exitCode = 1;
  }
}

function driftTable(rows: readonly (readonly [string, Drift | string])[]): string {
  const head = ['feature', 'metric', 'distance', 'threshold', 'drift', 'values before', 'values'];
  const table = new Table({ head, style: { head: [], border: [] } });
  for (const [name, of] of rows) {
    if (typeof of === 'string') {
      table.push([name, { content: of, colSpan: head.length - 1 }]);
      continue;
    }
    const { metric, distance, threshold, isDrift, baselineCount, count } = of;
    const says = isDrift === null ? 'unknown' : isDrift ? 'yes' : 'no';
    table.push([name, metric, figure(distance), figure(threshold), says, baselineCount, count]);
  }
  return `${table.toString()}\n`;
}

function distanceOf(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !(value >= 0)) throw new InvalidArgumentError('It is a number from 0.');
  return value;
}

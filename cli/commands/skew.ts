import { Command, InvalidArgumentError } from 'commander';
import { FOUND_EXIT_CODE } from '../watch-job.js';
import { OperatorError } from '../../errors/operator-error.js';
import { gatewayAt, jobName, tokenOption, urlOption, type GatewayOptions } from '../gateway-client.js';
import { amount } from '../list-features.js';
import { isCompared, isSkewed, skewReport, type Skew } from '../skew-report.js';

interface SkewOptions extends GatewayOptions {
  readonly trainingSet?: string;
  readonly from?: string;
  readonly before?: string;
  readonly feature?: readonly string[];
  readonly match?: string;
  readonly toleranceSeconds?: number;
  readonly doubleTolerance?: number;
  readonly examples?: number;
  readonly maxCostUsd?: number;
}

const QUERY = `query ($featurestore: String!, $entityType: String!, $trainingSet: ID, $range: TimeRangeInput, $features: [String!],
  $match: ServedMatch, $toleranceSeconds: Float, $doubleTolerance: Float, $examples: Int, $maxCostUsd: Float) {
  featurestore(name: $featurestore) { entityType(name: $entityType) {
    servedSkew(trainingSet: $trainingSet, range: $range, features: $features, match: $match, toleranceSeconds: $toleranceSeconds,
      doubleTolerance: $doubleTolerance, examples: $examples, maxCostUsd: $maxCostUsd) {
      compared isComplete earliestRead latestRead
      features { feature { name } compared equal different missingServed missingTrained statuses { trained served count }
        examples { entityId labelTime readAt trainedValue servedValue servedStatus trainedTimestamp servedTimestamp reason } } } } } }`;

/** `featuregraph skew`: what was served beside what training has. The exit code says whether they differ. */
export function skewCommand(write: (text: string) => void): Command {
  return new Command('skew')
    .description(
      'Compare served values with a training set or the history (docs/served-log.md). Exit code 2: a value differs; 1: nothing was compared.',
    )
    .argument('<featurestore>', 'the featurestore')
    .argument('<entityType>', 'the entity type')
    .option('--training-set <job>', 'compare the labels of this training set (default: the history as of each read)')
    .option('--from <time>', 'the earliest read, e.g. 2001-05-01T00:00:00Z')
    .option('--before <time>', 'the end of the range of reads, exclusive')
    .option('--feature <name...>', 'only these features')
    .option('--match <which>', 'the read of a label: before it, or the nearest around it (default: before)')
    .option('--tolerance-seconds <seconds>', 'between a label and its read, at most (default: 3600)', numberOf)
    .option('--double-tolerance <difference>', 'the difference of two DOUBLEs that is equal (default: 0)', numberOf)
    .option('--examples <number>', 'the examples of each feature (default: 5)', numberOf)
    .option('--max-cost-usd <amount>', 'refuse a higher estimate', amount)
    .addOption(urlOption())
    .addOption(tokenOption())
    .action(async (featurestore: string, entityType: string, options: SkewOptions) => {
      const { trainingSet, from, before, feature, match, ...terms } = options;
      const { toleranceSeconds, doubleTolerance, examples, maxCostUsd } = terms;
      if (trainingSet === undefined && (match !== undefined || toleranceSeconds !== undefined)) {
        // The gateway would ignore both: without labels, a read is compared with the history as of its own time.
        throw new OperatorError(
          '--match and --tolerance-seconds need --training-set: they choose the read of a label.',
        );
      }
      const answer = await gatewayAt(options).ask<{ featurestore: { entityType: { servedSkew: Skew | null } } }>(
        QUERY,
        {
          featurestore,
          entityType,
          trainingSet: trainingSet === undefined ? undefined : jobName(trainingSet),
          range: { from, before },
          features: feature,
          match: match?.toUpperCase(),
          toleranceSeconds,
          doubleTolerance,
          examples,
          maxCostUsd,
        },
      );
      const skew = answer.featurestore.entityType.servedSkew;
      if (!skew) {
        throw new OperatorError('The gateway has no log of served values.', [
          'Set FEATUREGRAPH_SERVED_LOG_SAMPLE_RATE for the gateway (docs/served-log.md).',
        ]);
      }
      write(skewReport(skew, { hasLabels: trainingSet !== undefined }));
      if (isSkewed(skew)) process.exitCode = FOUND_EXIT_CODE;
      // No difference was found, and none could be: a script must not take it for equal.
      else if (!isCompared(skew)) process.exitCode = 1;
    });
}

function numberOf(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !(value >= 0)) throw new InvalidArgumentError('It is a number from 0.');
  return value;
}

import { Command, InvalidArgumentError } from 'commander';
import { addFileFlags, namingFlags, toFileInput, type FileFlags } from '../file-flags.js';
import { interval, toGeneratedLabels, type GeneratedLabelFlags } from '../generated-label-flags.js';
import { neededTimes, requireOptions, type NeededOption } from '../missing-options.js';
import { addStartOptions, startJob, type StartOptions } from '../start-job.js';
import { toTrainingSetInput, type TrainingSetFlags } from '../training-set-flags.js';

interface BacktestOptions extends StartOptions, FileFlags, TrainingSetFlags, GeneratedLabelFlags {
  readonly model?: string;
  readonly labels?: string;
  readonly window?: Readonly<Record<string, number>>;
  readonly actual?: string;
  readonly actualFeature?: string;
  readonly horizonSeconds?: number;
  readonly classification?: boolean;
  readonly threshold?: number;
}

/** `featuregraph backtest`: starts a backtest, watches it and prints its metrics over time. */
export function backtestCommand(): Command {
  const command = new Command('backtest')
    .description(
      'Let a model predict at moments of the past, and print how right it was over time (docs/backtests.md). For features of ' +
        'several entity types, use --input.',
    )
    .option('--model <name>', 'the model')
    .option('--featurestore <name>', 'the featurestore')
    .option('--entity-type <name>', 'the entity type of each moment')
    .option('--labels <file>', 'the moments: a file in the folder for files')
    .option('--every <interval>', 'the moments: all entities at an interval: 3600s, 1d or 1w', interval)
    .option('--events-of <feature>', 'the moments: each event of the source of this feature')
    .option('--from <time>', 'the first RFC 3339 time of --every or --events-of')
    .option('--until <time>', 'the end of the times, exclusive')
    .option('--label-time-zone <zone>', 'the time zone whose days --every counts (default: UTC)')
    .option('--entity-id <id...>', 'only these entities with --every or --events-of (default: all)')
    .option('--time-column <column>', 'the column with the time of a moment')
    .option('--id-column <column...>', 'the columns with the id of the entity')
    .option('--feature <name...>', 'the features (default, without --view: all)')
    .option('--view <name...>', 'the features of these views')
    .option('--window <interval>', 'the length of a window: 3600s, 1d or 1w', interval)
    .option('--actual <column>', 'the column of the moments with the actual values')
    .option('--actual-feature <name>', 'the feature with the actual values')
    .option('--horizon-seconds <seconds>', 'with --actual-feature: how long after the moment it is observed', seconds)
    .option('--classification', 'the model predicts a probability (default: a number)')
    .option('--threshold <share>', 'the least probability that predicts the class (default: 0.5)', share)
    .option('--name <name>', 'the display name of the job')
    .option('--estimate', 'only print the cost estimate; starts nothing');
  return addStartOptions(addFileFlags(command)).action(
    namingFlags(async (options: BacktestOptions) => {
      if (options.input === undefined) requireOptions(neededOptions(options));
      await startJob(
        {
          mutation: 'startBacktest',
          inputType: 'StartBacktestInput',
          estimate: { query: 'estimateBacktest', inputType: 'StartBacktestInput', toInput: (input) => input },
          input: toJobInput(options),
        },
        options,
      );
    }),
  );
}

function neededOptions(options: BacktestOptions): NeededOption[] {
  const { model, featurestore, entityType, labels, every, eventsOf, window } = options;
  const { actual, actualFeature, horizonSeconds } = options;
  const hasMoments = labels !== undefined || every !== undefined || eventsOf !== undefined;
  return [
    [model !== undefined, '--model: the model'],
    [featurestore !== undefined, '--featurestore: the featurestore'],
    [entityType !== undefined, '--entity-type: the entity type of each moment'],
    [hasMoments, '--labels, --every or --events-of: the moments'],
    ...neededTimes(options),
    [actual !== undefined || actualFeature !== undefined, '--actual or --actual-feature: the actual values'],
    [
      actualFeature === undefined || horizonSeconds !== undefined,
      '--horizon-seconds: how long after the moment the actual feature is observed',
    ],
    [window !== undefined, '--window: the length of a window, such as 1w'],
  ];
}

function toJobInput(options: BacktestOptions): Record<string, unknown> {
  const { model, labels, window, actual, actualFeature, horizonSeconds, classification, threshold } = options;
  const file = toFileInput(options);
  const source = {
    file: labels === undefined ? file : { ...file, path: labels },
    generated: toGeneratedLabels(options),
  };
  return {
    model,
    trainingSet: toTrainingSetInput(options, source),
    actual: {
      column: actual,
      feature:
        actualFeature === undefined && horizonSeconds === undefined
          ? undefined
          : { name: actualFeature, horizonSeconds },
    },
    task: classification ? 'CLASSIFICATION' : undefined,
    threshold,
    window,
  };
}

function seconds(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !(value > 0)) throw new InvalidArgumentError('It is a number of seconds above 0.');
  return value;
}

function share(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !(value >= 0 && value <= 1)) throw new InvalidArgumentError('It is a number from 0 to 1.');
  return value;
}

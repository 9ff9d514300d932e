import { Command, InvalidArgumentError } from 'commander';
import { addFileFlags, namingFlags, toFileInput, type FileFlags } from '../file-flags.js';
import { neededTimes, requireOptions, type NeededOption } from '../missing-options.js';
import { addOutputOptions, addStartOptions, startJob, type StartOptions } from '../start-job.js';
import { interval, toGeneratedLabels, type GeneratedLabelFlags } from '../generated-label-flags.js';
import { toTrainingSetInput, type TrainingSetFlags } from '../training-set-flags.js';

interface TrainingSetOptions extends StartOptions, FileFlags, TrainingSetFlags, GeneratedLabelFlags {
  readonly labels?: string;
  readonly labelsTable?: string;
}

export function trainingSetCommand(): Command {
  const command = new Command('training-set')
    .description(
      'Make a training set in a running gateway and watch the job. For features of several entity types, use --input.',
    )
    .option('--featurestore <name>', 'the featurestore')
    .option('--entity-type <name>', 'the entity type of each label')
    .option('--labels <file>', 'the labels: a file in the folder for files')
    .option('--labels-table <table>', 'the labels: a table of the offline store')
    .option('--every <interval>', 'the labels: all entities at an interval: 3600s, 1d or 1w', interval)
    .option('--events-of <feature>', 'the labels: each event of the source of this feature')
    .option('--from <time>', 'the first RFC 3339 time of --every or --events-of')
    .option('--until <time>', 'the end of the times, exclusive')
    .option('--label-time-zone <zone>', 'the time zone whose days --every counts (default: UTC)')
    .option('--entity-id <id...>', 'only these entities with --every or --events-of (default: all)')
    .option('--time-column <column>', 'the column with the time of a label')
    .option('--id-column <column...>', 'the columns with the id of the entity')
    .option('--feature <name...>', 'the features (default, without --view: all)')
    .option('--view <name...>', 'the features of these views')
    .option('--ttl-seconds <seconds>', 'the age after which a value is expired', seconds)
    .option('--strictly-before', 'leave out values with exactly the label’s time')
    .option('--known-at-label-time', 'leave out values written after the label’s time')
    .option('--known-at <time>', 'leave out values written after this RFC 3339 time')
    .option('--include-expired', 'include expired values')
    .option('--with-timestamps', 'add a column with the event time of each feature')
    .option('--full-validation', 'compare all rows with the history, not only a sample')
    .option('--validation-seed <number>', 'choose another sample to compare', wholeNumber);
  return addStartOptions(addOutputOptions(addFileFlags(command))).action(
    namingFlags(async (options: TrainingSetOptions) => {
      if (options.input === undefined) requireOptions(neededOptions(options));
      await startJob(
        {
          mutation: 'startTrainingSet',
          inputType: 'StartTrainingSetInput',
          estimate: {
            query: 'estimateTrainingSet',
            inputType: 'TrainingSetInput',
            toInput: ({ trainingSet }) => trainingSet,
          },
          input: toJobInput(options),
        },
        options,
      );
    }),
  );
}

function neededOptions(options: TrainingSetOptions): NeededOption[] {
  const { featurestore, entityType, labels, labelsTable, every, eventsOf } = options;
  const isGiven = [labels, labelsTable, every, eventsOf].some((option) => option !== undefined);
  return [
    [featurestore !== undefined, '--featurestore: the featurestore'],
    [entityType !== undefined, '--entity-type: the entity type of each label'],
    [isGiven, '--labels, --labels-table, --every or --events-of: the labels'],
    ...neededTimes(options),
  ];
}

function toJobInput(options: TrainingSetOptions): Record<string, unknown> {
  const file = toFileInput(options);
  const source = {
    file: options.labels === undefined ? file : { ...file, path: options.labels },
    table: options.labelsTable,
    generated: toGeneratedLabels(options),
  };
  return { trainingSet: toTrainingSetInput(options, source) };
}

function seconds(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !(value >= 0)) throw new InvalidArgumentError('It is a number of seconds.');
  return value;
}

function wholeNumber(text: string): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value > 2_147_483_647)
    throw new InvalidArgumentError('It is a whole number up to 2147483647.');
  return value;
}

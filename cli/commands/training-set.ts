import { Command, InvalidArgumentError } from 'commander';
import { addFileFlags, toFileInput, type FileFlags } from '../file-flags.js';
import { addOutputOptions, addStartOptions, startJob, type StartOptions } from '../start-job.js';
import { toTrainingSetInput, type TrainingSetFlags } from '../training-set-flags.js';

interface TrainingSetOptions extends StartOptions, FileFlags, TrainingSetFlags {
  readonly labels?: string;
  readonly labelsTable?: string;
}

export function trainingSetCommand(): Command {
  const command = new Command('training-set')
    .description('Make a training set in a running gateway and watch it. Features of other entities: see --input.')
    .option('--featurestore <name>', 'the featurestore')
    .option('--entity-type <name>', 'what each label is about')
    .option('--labels <file>', 'the labels: a file of the folder for files')
    .option('--labels-table <table>', 'the labels: a table of the offline store')
    .option('--time-column <column>', 'the column with the time of a label')
    .option('--id-column <column...>', 'the columns with the id of the entity')
    .option('--feature <name...>', 'the features; neither these nor views: all')
    .option('--view <name...>', 'the features of these views')
    .option('--ttl-seconds <seconds>', 'after which a value counts as expired', seconds)
    .option('--strictly-before', 'leave out values of exactly the label’s time')
    .option('--known-at-label-time', 'leave out values written after the label’s time')
    .option('--known-at <time>', 'leave out values written after this RFC 3339 time')
    .option('--include-expired', 'give also values that have expired')
    .option('--with-timestamps', 'give beside each feature when its value became true')
    .option('--full-validation', 'compare the values of all rows with the history, not of a sample')
    .option('--validation-seed <number>', 'choose another sample to compare', wholeNumber);
  return addStartOptions(addOutputOptions(addFileFlags(command))).action(async (options: TrainingSetOptions) => {
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
  });
}

function toJobInput(options: TrainingSetOptions): Record<string, unknown> {
  const file = toFileInput(options);
  const source = {
    file: options.labels === undefined ? file : { ...file, path: options.labels },
    table: options.labelsTable,
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

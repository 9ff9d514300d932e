import { Command, InvalidArgumentError } from 'commander';
import { addFileFlags, namingFlags, toFileInput, type FileFlags } from '../file-flags.js';
import { jobName } from '../gateway-client.js';
import { addOutputOptions, addStartOptions, parseObject, startJob, type StartOptions } from '../start-job.js';

interface PredictOptions extends StartOptions, FileFlags {
  readonly model?: string;
  readonly trainingSet?: string;
  readonly table?: string;
  readonly file?: readonly string[];
  readonly parameters?: string;
  readonly batchSize?: number;
  readonly replicas?: number;
}

export function predictCommand(): Command {
  const command = new Command('predict')
    .description('Start a batch prediction in a running gateway and watch it.')
    .option('--model <name>', 'the model')
    .option('--training-set <job>', 'predict for the rows of this training set')
    .option('--table <table>', 'predict for the rows of this table of the offline store')
    .option('--file <file...>', 'predict for the rows of these files in the folder for files')
    .option('--parameters <json>', 'parameters that the model gets with each batch')
    .option('--batch-size <count>', 'instances in one batch', count)
    .option('--replicas <count>', 'batches that are predicted in parallel', count);
  return addStartOptions(addOutputOptions(addFileFlags(command))).action(
    namingFlags(async (options: PredictOptions) => {
      await startJob(
        {
          mutation: 'startBatchPrediction',
          inputType: 'StartBatchPredictionInput',
          estimate: {
            query: 'estimateBatchPrediction',
            inputType: 'BatchPredictionEstimateInput',
            toInput: (job) => ({ job }),
          },
          input: toJobInput(options),
          defaults: {
            displayName: options.model === undefined ? 'Predictions' : `Predictions of ${options.model}`,
            output: {},
          },
        },
        options,
      );
    }),
  );
}

function toJobInput(options: PredictOptions): Record<string, unknown> {
  const { model, trainingSet, table, file, parameters, batchSize, replicas } = options;
  const described = toFileInput(options);
  return {
    model,
    input: {
      trainingSetJob: trainingSet && jobName(trainingSet),
      table,
      files: file === undefined ? described : { ...described, paths: file },
    },
    parameters: parameters === undefined ? undefined : parseObject(parameters, '--parameters'),
    batchSize,
    startingReplicaCount: replicas,
  };
}

function count(text: string): number {
  if (!/^\d+$/.test(text)) throw new InvalidArgumentError('It is a whole number.');
  return Number(text);
}

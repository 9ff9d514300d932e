import { OperatorError } from '../errors/operator-error.js';
import { jobName, type GatewayClient } from './gateway-client.js';

/** What is asked of the output of a job: one field with its arguments, for each kind of output. */
export interface AskedOutput {
  /** The definitions of the variables of both fields. */
  readonly variables: string;
  readonly values: Readonly<Record<string, unknown>>;
  /** The field of TrainingSetOutput; null: only predictions have it. */
  readonly trainingSet: string | null;
  /** The field of BatchOutput; null: only training sets have it. */
  readonly predictions: string | null;
}

interface OutputAnswer<Found> {
  readonly job: {
    readonly kind: string;
    readonly state: string;
    readonly trainingSet?: Readonly<Record<string, Found>> | null;
    readonly predictions?: Readonly<Record<string, Found>> | null;
  };
}

/** The field of the output of a job. Refuses a job that has no such output. */
export async function askOutput<Found>(
  gateway: GatewayClient,
  job: string,
  { variables, values, trainingSet, predictions }: AskedOutput,
): Promise<Found> {
  const query = `query ($id: ID!, ${variables}) { job(id: $id) { kind state
    ${trainingSet === null ? '' : `... on TrainingSetJob { trainingSet: output { ${trainingSet} } }`}
    ${predictions === null ? '' : `... on BatchPredictionJob { predictions: output { ${predictions} } }`} } }`;
  const answer = await gateway.ask<OutputAnswer<Found>>(query, { id: jobName(job), ...values });
  const [found] = Object.values(answer.job.trainingSet ?? answer.job.predictions ?? {});
  if (found !== undefined) return found;
  const { kind, state } = answer.job;
  const name = jobName(job);
  if (kind === 'TRAINING_SET' && trainingSet === null) {
    throw new OperatorError(`The job ${name} is a training set. Compare it with the values of a range (--from).`);
  }
  if (kind === 'BATCH_PREDICTION' && predictions === null) {
    throw new OperatorError(`The job ${name} is a batch prediction. Compare it with another one (--baseline-job).`);
  }
  if (kind === 'TRAINING_SET' || kind === 'BATCH_PREDICTION') {
    throw new OperatorError(`The job ${name} has no output. Its state is ${state}.`);
  }
  throw new OperatorError(`The job ${name} is a ${kind}. Name a training set or a batch prediction.`);
}

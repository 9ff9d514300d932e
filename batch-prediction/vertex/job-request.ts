import type { protos } from '@google-cloud/aiplatform';
import { badInput } from '../../errors/app-error.js';
import type { FileFormat } from '../../datasources/files/file-format.js';
import type { BatchInput, BatchOutput, BatchPredictionSpec, BatchResources } from '../batch-predictions.js';
import { checkLabels } from './job-labels.js';
import { protobufValue } from './protobuf-value.js';

type Job = protos.google.cloud.aiplatform.v1.IBatchPredictionJob;

/** What runs the model when the client names no machine: custom models refuse a job without one. */
export const DEFAULT_MACHINE_TYPE = 'n1-standard-4';

/** A job as Vertex AI is asked for it, but for the labels by which it is found again (job-labels.ts). */
export interface VertexJobRequest extends Omit<Job, 'displayName' | 'model' | 'labels'> {
  readonly displayName: string;
  /** The model's resource name. */
  readonly model: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** What Vertex AI cannot do is said before anything is created, with the field. */
export function vertexJobRequest({
  displayName,
  labels,
  model,
  spec,
}: Pick<VertexJobRequest, 'displayName' | 'labels' | 'model'> & {
  readonly spec: BatchPredictionSpec;
}): VertexJobRequest {
  if (displayName.trim() === '') throw badInput('Vertex AI takes no job without a name.', 'displayName');
  checkLabels(labels);
  return {
    displayName,
    model,
    labels,
    inputConfig: inputConfig(spec.input),
    ...instanceConfig(spec),
    outputConfig: outputConfig(spec.output),
    ...(spec.parameters ? { modelParameters: protobufValue(spec.parameters) } : {}),
    dedicatedResources: dedicatedResources(spec.resources),
    manualBatchTuningParameters: { batchSize: spec.resources.batchSize },
    generateExplanation: spec.resources.generateExplanation,
  };
}

/**
 * Rows of a table become objects: our HTTP models get objects too, so that a model answers alike on both sides. Lines of
 * JSON are what they are, and for lines of CSV, which become lists, there is no choice.
 */
function instanceConfig({ input, excludedFields = [] }: BatchPredictionSpec): Pick<Job, 'instanceConfig'> {
  return input.kind === 'TABLE'
    ? { instanceConfig: { instanceType: 'object', excludedFields: [...excludedFields] } }
    : {};
}

function inputConfig(input: BatchInput): NonNullable<Job['inputConfig']> {
  switch (input.kind) {
    case 'TABLE':
      return { instancesFormat: 'bigquery', bigquerySource: { inputUri: tableUri(input.table, 'input.table') } };
    case 'FILES':
      for (const file of input.files) storageUri(file, 'input.files');
      return { instancesFormat: instancesFormat(input.format), gcsSource: { uris: [...input.files] } };
    case 'TRAINING_SET':
      throw badInput(
        'A model on Vertex AI reads tables of BigQuery and files in Cloud Storage: give the training set’s output as "table".',
        'input.trainingSetJob',
      );
  }
}

function instancesFormat(format: FileFormat): string {
  if (format === 'PARQUET') throw badInput('Vertex AI reads JSONL and CSV files, not Parquet.', 'input.format');
  return format.toLowerCase();
}

function outputConfig({ format, location }: BatchOutput): NonNullable<Job['outputConfig']> {
  if (location === null) {
    throw badInput(
      'Say where Vertex AI is to write: a gs:// folder, or a dataset or table of BigQuery.',
      'output.location',
    );
  }
  switch (format) {
    case 'JSONL':
      return {
        predictionsFormat: 'jsonl',
        gcsDestination: { outputUriPrefix: storageUri(location, 'output.location') },
      };
    case 'TABLE':
      return { predictionsFormat: 'bigquery', bigqueryDestination: { outputUri: datasetUri(location) } };
    case 'PARQUET':
      throw badInput('Vertex AI writes JSONL files and tables of BigQuery, not Parquet.', 'output.format');
  }
}

/** Batch jobs do not scale: they run with the starting number of replicas, whatever the greatest number is. */
function dedicatedResources(resources: BatchResources): NonNullable<Job['dedicatedResources']> {
  const { machineType, acceleratorType, acceleratorCount, startingReplicaCount, maxReplicaCount } = resources;
  if (acceleratorCount !== null && acceleratorType === null) {
    throw badInput('Of which accelerator? Say "acceleratorType", or leave the count out.', 'acceleratorCount');
  }
  return {
    machineSpec: {
      machineType: machineType ?? DEFAULT_MACHINE_TYPE,
      ...(acceleratorType === null
        ? {}
        : { acceleratorType: accelerator(acceleratorType), acceleratorCount: acceleratorCount ?? 1 }),
    },
    startingReplicaCount,
    maxReplicaCount: maxReplicaCount ?? startingReplicaCount,
  };
}

/** The client sends a name it does not know as "unspecified", and the job would run without. */
const ACCELERATORS = [
  'NVIDIA_TESLA_P100',
  'NVIDIA_TESLA_V100',
  'NVIDIA_TESLA_P4',
  'NVIDIA_TESLA_T4',
  'NVIDIA_TESLA_A100',
  'NVIDIA_A100_80GB',
  'NVIDIA_L4',
  'NVIDIA_H100_80GB',
  'NVIDIA_H100_MEGA_80GB',
  'NVIDIA_H200_141GB',
  'NVIDIA_B200',
  'NVIDIA_GB200',
  'NVIDIA_RTX_PRO_6000',
  'TPU_V2',
  'TPU_V3',
  'TPU_V4_POD',
  'TPU_V5_LITEPOD',
] as const;

function accelerator(name: string): (typeof ACCELERATORS)[number] {
  const known = ACCELERATORS.find((candidate) => candidate === name);
  if (known) return known;
  throw badInput(`There is no accelerator "${name}". There are: ${ACCELERATORS.join(', ')}.`, 'acceleratorType');
}

const PROJECT = /^[a-z][a-z0-9:.-]*$/;
const NAME = /^[A-Za-z0-9_-]+$/;

export function tableUri(table: string, field: string): string {
  const [project = '', dataset = '', name = '', ...rest] = withoutScheme(table).split('.');
  if (!PROJECT.test(project) || !NAME.test(dataset) || !NAME.test(name) || rest.length > 0) {
    throw badInput('A table is named as project.dataset.table.', field);
  }
  return `bq://${project}.${dataset}.${name}`;
}

/** A project alone makes Vertex AI create a dataset of its own there; a gateway does not let clients do that. */
function datasetUri(location: string): string {
  const [project = '', dataset = '', table, ...rest] = withoutScheme(location).split('.');
  if (!PROJECT.test(project) || !NAME.test(dataset) || rest.length > 0 || (table !== undefined && !NAME.test(table))) {
    throw badInput('Name the output as project.dataset or project.dataset.table.', 'output.location');
  }
  return `bq://${[project, dataset, ...(table === undefined ? [] : [table])].join('.')}`;
}

function withoutScheme(text: string): string {
  return text.replace(/^bq:\/\//, '');
}

function storageUri(uri: string, field: string): string {
  if (!/^gs:\/\/[a-z0-9][a-z0-9._-]{1,61}[a-z0-9](\/.*)?$/.test(uri)) {
    throw badInput('A place in Cloud Storage is named as gs://bucket/path.', field);
  }
  return uri;
}

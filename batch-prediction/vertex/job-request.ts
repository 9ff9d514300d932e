import type { protos } from '@google-cloud/aiplatform';
import { badInput } from '../../errors/app-error.js';
import type { FileFormat } from '../../datasources/files/file-format.js';
import type { FileOptions } from '../../datasources/files/file-options.js';
import type {
  BatchInput,
  BatchOutput,
  BatchPredictionSpec,
  BatchResources,
  InstanceFileFormat,
} from '../batch-predictions.js';
import type { Model } from '../../datasources/registry/prediction-model.js';
import { modelParts, reservationAffinity } from './model-request.js';
import { machineFault } from '../../costs/vertex-machines.js';
import { checkLabels } from './job-labels.js';
import { protobufValue } from './protobuf-value.js';

type Job = protos.google.cloud.aiplatform.v1.IBatchPredictionJob;

/** The machine type when the client names none: Vertex AI rejects a job of a custom model without one. */
export const DEFAULT_MACHINE_TYPE = 'n1-standard-4';

/** A job as it is sent to Vertex AI, without the labels that identify it (job-labels.ts). */
export interface VertexJobRequest extends Omit<Job, 'displayName' | 'model' | 'labels'> {
  readonly displayName: string;
  /** The model's resource name; empty for a container that is not in the model registry. */
  readonly model: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** Reports what Vertex AI does not support before anything is created, with the field. */
export function vertexJobRequest({
  displayName,
  labels,
  model,
  spec,
}: Pick<VertexJobRequest, 'displayName' | 'labels'> & {
  readonly model: Pick<Model, 'location' | 'vertex'>;
  readonly spec: BatchPredictionSpec;
}): VertexJobRequest {
  if (displayName.trim() === '') throw badInput('Vertex AI takes no job without a name.', 'displayName');
  if (displayName.length > MAX_DISPLAY_NAME_LENGTH) {
    throw badInput(`Vertex AI takes names of at most ${MAX_DISPLAY_NAME_LENGTH} characters.`, 'displayName');
  }
  checkLabels(labels);
  return {
    displayName,
    labels,
    ...modelParts(model, spec.resources.generateExplanation),
    inputConfig: inputConfig(spec.input),
    ...instanceConfig(spec),
    outputConfig: outputConfig(spec.output),
    ...(spec.parameters ? { modelParameters: protobufValue(spec.parameters) } : {}),
    ...machines(model, spec.resources),
    generateExplanation: spec.resources.generateExplanation,
  };
}

const MAX_DISPLAY_NAME_LENGTH = 128;

/**
 * Converts rows of a table to objects, unless the request says otherwise. Our HTTP models get objects too, so that a
 * model predicts the same in both runtimes. Lines of JSON stay unchanged. Lines of CSV become lists, for which there is
 * no option.
 */
function instanceConfig(spec: BatchPredictionSpec): Pick<Job, 'instanceConfig'> {
  const { input, instances, excludedFields = [] } = spec;
  if (!instances) {
    return input.kind === 'TABLE'
      ? { instanceConfig: { instanceType: 'object', excludedFields: [...excludedFields] } }
      : {};
  }
  if (!hasColumns(input)) {
    throw badInput('Only rows of a table and JSON lines can be chosen and arranged for the model.', 'instances');
  }
  const { format, keyField, includedFields } = instances;
  // The columns of a retry that hold errors are never part of an instance.
  const excluded = [...new Set([...instances.excludedFields, ...excludedFields])];
  if (includedFields.length > 0 && instances.excludedFields.length > 0) {
    throw badInput('Give "includedFields" or "excludedFields", not both.', 'instances.excludedFields');
  }
  if (keyField !== null && [...includedFields, ...excluded].includes(keyField)) {
    throw badInput('The key field is never part of an instance: leave it out of the lists.', 'instances.keyField');
  }
  const type = format ?? (input.kind === 'TABLE' ? 'OBJECT' : null);
  return {
    instanceConfig: {
      ...(type === null ? {} : { instanceType: type.toLowerCase() }),
      ...(keyField === null ? {} : { keyField }),
      ...(includedFields.length > 0 ? { includedFields: [...includedFields] } : { excludedFields: excluded }),
    },
  };
}

function hasColumns(input: BatchInput): boolean {
  return input.kind === 'TABLE' || (input.kind === 'FILES' && input.format === 'JSONL');
}

function inputConfig(input: BatchInput): NonNullable<Job['inputConfig']> {
  switch (input.kind) {
    case 'TABLE':
      return { instancesFormat: 'bigquery', bigquerySource: { inputUri: tableUri(input.table, 'input.table') } };
    case 'FILES':
      for (const file of input.files) storageUri(file, 'input.files');
      refuseOptions(input.options ?? {});
      return { instancesFormat: instancesFormat(input.format), gcsSource: { uris: [...input.files] } };
    case 'INSTANCE_FILES':
      input.files.forEach((file, index) => storageUri(file, `input.instanceFiles.paths[${index}]`));
      return { instancesFormat: INSTANCE_FORMATS[input.format], gcsSource: { uris: [...input.files] } };
    case 'TRAINING_SET':
      throw badInput(
        'A model on Vertex AI reads tables of BigQuery and files in Cloud Storage: give the training set’s output as "table".',
        'input.trainingSetJob',
      );
  }
}

const INSTANCE_FORMATS = {
  TF_RECORD: 'tf-record',
  TF_RECORD_GZIP: 'tf-record-gzip',
  FILE_LIST: 'file-list',
} as const satisfies Record<InstanceFileFormat, string>;

/** Vertex AI reads the files by its own rules. */
function refuseOptions(options: FileOptions): void {
  const [option] = Object.keys(options);
  if (option === undefined) return;
  throw badInput(`Vertex AI reads files without options: leave "${option}" out.`, `input.files.${option}`);
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

/** The machines of a job, and what only a job with machines may say. */
function machines(
  { vertex }: Pick<Model, 'vertex'>,
  resources: BatchResources,
): Pick<Job, 'dedicatedResources' | 'manualBatchTuningParameters'> {
  if (vertex?.machines === 'AUTOMATIC') {
    const field = (['machineType', 'acceleratorType', 'acceleratorCount'] as const).find(
      (name) => resources[name] !== null,
    );
    if (field !== undefined) throw badInput('Vertex AI chooses the machines of this model: leave this out.', field);
    return {};
  }
  const affinity = reservationAffinity(vertex?.reservation);
  const { machineSpec, ...replicas } = dedicatedResources(resources);
  return {
    dedicatedResources: {
      machineSpec: { ...machineSpec, ...(affinity ? { reservationAffinity: affinity } : {}) },
      ...replicas,
    },
    manualBatchTuningParameters: { batchSize: resources.batchSize },
  };
}

/** Batch jobs do not scale: they run with the starting number of replicas, whatever the maximum. */
function dedicatedResources(resources: BatchResources): NonNullable<Job['dedicatedResources']> {
  const { machineType, acceleratorType, acceleratorCount, startingReplicaCount, maxReplicaCount } = resources;
  if (acceleratorCount !== null && acceleratorType === null) {
    throw badInput('Of which accelerator? Say "acceleratorType", or leave the count out.', 'acceleratorCount');
  }
  const type = machineType ?? DEFAULT_MACHINE_TYPE;
  const known = acceleratorType === null ? null : accelerator(acceleratorType);
  const fault = machineFault({ machineType: type, acceleratorType: known, acceleratorCount });
  if (fault) throw badInput(fault.message, fault.field);
  return {
    machineSpec: {
      machineType: type,
      ...(known === null ? {} : { acceleratorType: known, acceleratorCount: acceleratorCount ?? 1 }),
    },
    startingReplicaCount,
    maxReplicaCount: maxReplicaCount ?? startingReplicaCount,
  };
}

/** The client sends an unknown name as "unspecified", and the job would run without it. */
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

/** With a project alone, Vertex AI creates a new dataset in it; a gateway does not allow clients to do that. */
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

/** gs://, the longest name of a bucket here, a slash, and the longest name of an object. */
const MAX_URI_BYTES = 5 + 63 + 1 + 1024;

function storageUri(uri: string, field: string): string {
  if (!/^gs:\/\/[a-z0-9][a-z0-9._-]{1,61}[a-z0-9](\/.*)?$/.test(uri)) {
    throw badInput('A place in Cloud Storage is named as gs://bucket/path.', field);
  }
  if (Buffer.byteLength(uri) > MAX_URI_BYTES) {
    throw badInput('The name of an object in Cloud Storage has at most 1024 bytes.', field);
  }
  return uri;
}

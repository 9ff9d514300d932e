import { LIMITS, MACHINES } from '../limits.js';
import type { VertexService } from '../vertex-server.js';
import { paginate } from './paginate.js';
import { refuse } from './refusal.js';
import type { Region } from './strict-requests.js';

/** Vertex AI's job service for batch prediction: jobs do what a test says they did, by `advance`. */
export class BatchPredictionWorld {
  /** By resource name, in the order of creation. */
  readonly jobs = new Map<string, any>();
  /** So many lists come without a job that was created before them; 0 shows all at once. */
  listsLag = 0;
  readonly #lists = new Map<string, number>();
  /** Models whose machines Vertex AI chooses: AutoML and publisher models. */
  readonly automaticModels = new Set<string>();

  constructor(
    readonly region: Region,
    /** The names of the models there are. */
    readonly models: Set<string>,
  ) {}

  /** What the service did to a job since. */
  advance(name: string, change: Readonly<Record<string, unknown>>): void {
    Object.assign(this.#job(name), change);
  }

  /** A job that another program created; gives its name. */
  add(job: any): string {
    const name = `projects/${this.region.project}/locations/${this.region.location}/batchPredictionJobs/1`;
    this.jobs.set(name, { ...job, name, state: 'JOB_STATE_PENDING' });
    return name;
  }

  services(): VertexService[] {
    return [
      {
        version: 'v1',
        name: 'JobService',
        proto: 'job_service.proto',
        single: {
          CreateBatchPredictionJob: ({ parent, batchPredictionJob }) => this.#create(parent, batchPredictionJob),
          GetBatchPredictionJob: ({ name }) => this.#job(name),
          ListBatchPredictionJobs: (request) => {
            const { items, nextPageToken } = paginate(this.#matching(request), request, 100);
            return { batchPredictionJobs: items, nextPageToken };
          },
          CancelBatchPredictionJob: ({ name }) => {
            const job = this.#job(name);
            if (ENDED.has(job.state)) refuse('FAILED_PRECONDITION', `${name} has ended`);
            job.state = 'JOB_STATE_CANCELLING';
            return {};
          },
        },
      },
    ];
  }

  #job(name: string): any {
    return this.jobs.get(name) ?? refuse('NOT_FOUND', `The BatchPredictionJob "${name}" does not exist.`);
  }

  #isListed(name: string): boolean {
    const lists = this.#lists.get(name) ?? 0;
    this.#lists.set(name, lists + 1);
    return lists >= this.listsLag;
  }

  #create(parent: string, job: any): any {
    for (const field of OUTPUT_ONLY)
      if (job[field]) refuse('INVALID_ARGUMENT', `Field: ${field}; Message: output only`);
    if (job.displayName.length > LIMITS.vertex.displayNameLength.value) {
      refuse('INVALID_ARGUMENT', 'Field: display_name; Message: longer than 128 characters');
    }
    if ((job.model === '') === !job.unmanagedContainerModel) {
      refuse('INVALID_ARGUMENT', 'Exactly one of model and unmanaged_container_model must be set');
    }
    const isAutomatic = this.automaticModels.has(job.model);
    if (job.model !== '' && !isAutomatic && !this.models.has(job.model))
      refuse('NOT_FOUND', `The Model "${job.model}" does not exist.`);
    if (job.unmanagedContainerModel && !job.unmanagedContainerModel.containerSpec?.imageUri) {
      refuse('INVALID_ARGUMENT', 'unmanaged_container_model.container_spec.image_uri');
    }
    checkIdentity(job, this.region);
    checkExplanation(job);
    checkInput(job);
    checkOutput(job.outputConfig, job.generateExplanation);
    if (isAutomatic) refuseResources(job);
    else checkResources(job);
    checkLabels(job.labels);
    const name = `${parent}/batchPredictionJobs/${1000 + this.jobs.size}`;
    const createTime = { seconds: String(1_000_000_000 + this.jobs.size), nanos: 0 };
    const created = { ...job, name, state: 'JOB_STATE_PENDING', createTime };
    this.jobs.set(name, created);
    return created;
  }

  /** Only the part of the filter language that is used: one label. */
  #matching({ filter }: { filter: string }): any[] {
    const all = [...this.jobs.values()].reverse().filter(({ name }) => this.#isListed(name));
    if (filter === '') return all;
    const [, key, value] = /^labels\.([a-z0-9_-]+)="([^"]*)"$/.exec(filter) ?? refuse('INVALID_ARGUMENT', 'filter');
    return all.filter(({ labels }) => labels[key!] === value);
  }
}

const ENDED = new Set(
  ['SUCCEEDED', 'PARTIALLY_SUCCEEDED', 'FAILED', 'CANCELLED', 'EXPIRED'].map((state) => `JOB_STATE_${state}`),
);
const OUTPUT_ONLY = [
  'name',
  'modelVersionId',
  'outputInfo',
  'error',
  'resourcesConsumed',
  'completionStats',
  'createTime',
  'startTime',
  'endTime',
  'updateTime',
];

const INPUT_FORMATS = ['bigquery', 'jsonl', 'csv', 'tf-record', 'tf-record-gzip', 'file-list'];

/** The account and the key of a job; a key of another location cannot encrypt it. */
function checkIdentity({ serviceAccount, encryptionSpec }: any, { location }: Region): void {
  if (serviceAccount && !/^[^@\s]+@[^@\s]+\.[^@\s]+$/.test(serviceAccount))
    refuse('INVALID_ARGUMENT', 'service_account');
  if (!encryptionSpec) return;
  const [, keyLocation] =
    /^projects\/[^/]+\/locations\/([^/]+)\/keyRings\/[^/]+\/cryptoKeys\/[^/]+$/.exec(encryptionSpec.kmsKeyName) ?? [];
  if (keyLocation !== location) refuse('INVALID_ARGUMENT', 'encryption_spec.kms_key_name: not a key of this location');
}

function checkExplanation({ generateExplanation, explanationSpec, unmanagedContainerModel }: any): void {
  if (explanationSpec && !generateExplanation) {
    refuse('INVALID_ARGUMENT', 'explanation_spec can only be specified if generate_explanation is true');
  }
  if (generateExplanation && unmanagedContainerModel && !explanationSpec) {
    refuse('INVALID_ARGUMENT', 'explanation_spec is required for a model without one');
  }
}

function refuseResources({ dedicatedResources, manualBatchTuningParameters }: any): void {
  if (dedicatedResources) refuse('INVALID_ARGUMENT', "'dedicated_resources' is not supported for Model");
  if (manualBatchTuningParameters)
    refuse('INVALID_ARGUMENT', 'manual_batch_tuning_parameters needs dedicated_resources');
}

function checkReservation(affinity: any): void {
  if (!affinity) return;
  const isSpecific = affinity.reservationAffinityType === 'SPECIFIC_RESERVATION';
  const isNamed = affinity.key === 'compute.googleapis.com/reservation-name' && affinity.values.length > 0;
  if (isSpecific !== isNamed) refuse('INVALID_ARGUMENT', 'machine_spec.reservation_affinity');
}

function checkInput({ inputConfig, instanceConfig }: any): void {
  const { instancesFormat, gcsSource, bigquerySource } = inputConfig;
  const isTable = instancesFormat === 'bigquery';
  if (isTable !== Boolean(bigquerySource) || isTable === Boolean(gcsSource)) {
    refuse('INVALID_ARGUMENT', `input_config: ${instancesFormat} does not go with its source`);
  }
  if (!INPUT_FORMATS.includes(instancesFormat)) refuse('INVALID_ARGUMENT', 'instances_format');
  if (bigquerySource && !/^bq:\/\/[^.]+\.[^.]+\.[^.]+$/.test(bigquerySource.inputUri)) {
    refuse('INVALID_ARGUMENT', 'bigquery_source.input_uri');
  }
  for (const uri of gcsSource?.uris ?? []) if (!uri.startsWith('gs://')) refuse('INVALID_ARGUMENT', 'gcs_source.uris');
  if (instanceConfig && !['bigquery', 'jsonl'].includes(instancesFormat)) {
    refuse('INVALID_ARGUMENT', `instance_config does not apply to ${instancesFormat}`);
  }
  const { keyField, includedFields = [], excludedFields = [] } = instanceConfig ?? {};
  if (keyField && [...includedFields, ...excludedFields].includes(keyField)) {
    refuse('INVALID_ARGUMENT', 'instance_config.key_field must not be in included_fields or excluded_fields');
  }
  if (instanceConfig?.includedFields.length > 0 && instanceConfig.excludedFields.length > 0) {
    refuse('INVALID_ARGUMENT', 'instance_config: included_fields or excluded_fields, not both');
  }
  if (!['', 'object', 'array', undefined].includes(instanceConfig?.instanceType)) {
    refuse('INVALID_ARGUMENT', 'instance_config.instance_type');
  }
}

function checkOutput({ predictionsFormat, gcsDestination, bigqueryDestination }: any, explains: boolean): void {
  const isTable = predictionsFormat === 'bigquery';
  if (isTable !== Boolean(bigqueryDestination) || isTable === Boolean(gcsDestination)) {
    refuse('INVALID_ARGUMENT', `output_config: ${predictionsFormat} does not go with its destination`);
  }
  if (!['bigquery', 'jsonl', 'csv'].includes(predictionsFormat)) refuse('INVALID_ARGUMENT', 'predictions_format');
  if (explains && predictionsFormat === 'csv') refuse('INVALID_ARGUMENT', 'generate_explanation: not for csv');
  if (bigqueryDestination && !/^bq:\/\/[^.]+(\.[^.]+){0,2}$/.test(bigqueryDestination.outputUri)) {
    refuse('INVALID_ARGUMENT', 'bigquery_destination.output_uri');
  }
  if (gcsDestination && !gcsDestination.outputUriPrefix.startsWith('gs://')) {
    refuse('INVALID_ARGUMENT', 'gcs_destination.output_uri_prefix');
  }
}

function checkResources({ dedicatedResources, manualBatchTuningParameters }: any): void {
  if (!dedicatedResources) {
    if (manualBatchTuningParameters) refuse('INVALID_ARGUMENT', 'manual_batch_tuning_parameters');
    refuse('INVALID_ARGUMENT', 'The model needs dedicated_resources');
  }
  // 0 is what the message has when the request has no size: the default counts then.
  if (manualBatchTuningParameters?.batchSize < 0)
    refuse('INVALID_ARGUMENT', 'manual_batch_tuning_parameters.batch_size');
  const { machineSpec, startingReplicaCount, maxReplicaCount } = dedicatedResources;
  checkMachine(machineSpec);
  checkReservation(machineSpec.reservationAffinity);
  if (machineSpec.acceleratorCount > 0 !== (machineSpec.acceleratorType !== 'ACCELERATOR_TYPE_UNSPECIFIED')) {
    refuse('INVALID_ARGUMENT', 'machine_spec.accelerator_type');
  }
  if (startingReplicaCount < 1 || maxReplicaCount < startingReplicaCount) {
    refuse('INVALID_ARGUMENT', 'dedicated_resources.max_replica_count');
  }
}

export function checkMachine({ machineType, acceleratorType, acceleratorCount }: any): void {
  const machine =
    MACHINES.find(({ type }) => type.test(machineType)) ??
    refuse('INVALID_ARGUMENT', `machine_spec.machine_type: "${machineType}" is not supported`);
  if (!acceleratorCount || acceleratorType === 'ACCELERATOR_TYPE_UNSPECIFIED') return;
  const counts = machine.accelerators[acceleratorType];
  if (!counts) refuse('INVALID_ARGUMENT', `${machineType} does not take ${acceleratorType}`);
  if (!counts.includes(acceleratorCount)) {
    refuse('INVALID_ARGUMENT', `${machineType} does not take ${acceleratorCount} of ${acceleratorType}`);
  }
}

function checkLabels(labels: Readonly<Record<string, string>>): void {
  if (Object.keys(labels).length > LIMITS.vertex.labels.value) refuse('INVALID_ARGUMENT', 'labels: more than 64');
  for (const [key, value] of Object.entries(labels)) {
    if (!/^[a-z][a-z0-9_-]{0,62}$/.test(key) || !/^[a-z0-9_-]{0,63}$/.test(value)) {
      refuse('INVALID_ARGUMENT', `labels: "${key}"`);
    }
  }
}

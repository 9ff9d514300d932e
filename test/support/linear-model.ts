import { setTimeout as sleep } from 'node:timers/promises';
import { AppError } from '../../errors/app-error.js';
import type {
  Instance,
  ModelFault,
  ModelServing,
  PredictionOutcome,
  PredictionRequest,
  Predictor,
} from '../../batch-prediction/models/model-serving.js';
import type { Model } from '../../datasources/registry/prediction-model.js';

/** y = 2a + 3b, z = a as an INT64: a model small enough to know every answer of. */
export const LINEAR_MODEL: Model = {
  kind: 'model',
  name: 'linear',
  displayName: 'Linear',
  description: null,
  labels: {},
  runtime: 'HTTP',
  location: 'nowhere',
  inputs: [
    { name: 'a', valueType: 'INT64', unit: null, description: null },
    { name: 'b', valueType: 'DOUBLE', unit: null, description: null },
  ],
  outputs: [
    { name: 'y', valueType: 'DOUBLE', unit: null, description: null },
    { name: 'z', valueType: 'INT64', unit: null, description: null },
  ],
};

/** What goes wrong, when a test says so. All of it can be changed while a job runs. */
export interface LinearModelFaults {
  /** Instances for which the server answers that they are wrong: data, not a failed batch. */
  refuses?: (a: bigint) => boolean;
  /** Instances that fail every batch they are in. */
  breaksBatch?: (a: bigint) => boolean;
  /** So many requests fail, then none. */
  failingRequests?: number;
  isUnreachable?: boolean;
  delayMs?: number;
  /** What a check finds of it. */
  checkFaults?: readonly ModelFault[];
  /** Called before each request is answered. */
  onRequest?: (request: PredictionRequest) => void | Promise<void>;
}

export class LinearModelServing implements ModelServing {
  readonly runtime = 'HTTP';
  requests = 0;
  inFlight = 0;
  mostInFlight = 0;
  parallelism = 0;
  batchSizes: number[] = [];
  closed = 0;

  constructor(readonly faults: LinearModelFaults = {}) {}

  async open(_model: Model, { parallelism }: { readonly parallelism: number }): Promise<Predictor> {
    this.parallelism = parallelism;
    return {
      predict: async (request) => {
        this.inFlight += 1;
        this.mostInFlight = Math.max(this.mostInFlight, this.inFlight);
        try {
          return await this.#predict(request);
        } finally {
          this.inFlight -= 1;
        }
      },
      close: async () => {
        this.closed += 1;
      },
    };
  }

  async check(): Promise<readonly ModelFault[]> {
    return this.faults.checkFaults ?? [];
  }

  async findHealthFault(): Promise<null> {
    return null;
  }

  async #predict(request: PredictionRequest): Promise<readonly PredictionOutcome[]> {
    const { faults } = this;
    this.requests += 1;
    this.batchSizes.push(request.instances.length);
    await faults.onRequest?.(request);
    if (faults.delayMs !== undefined) await sleep(faults.delayMs, undefined, { signal: request.signal });
    request.signal.throwIfAborted();
    if (faults.isUnreachable) throw new AppError('MODEL_UNAVAILABLE', 'The model cannot be reached.');
    if (faults.failingRequests !== undefined && faults.failingRequests > 0) {
      faults.failingRequests -= 1;
      throw new Error('HTTP 500 from http://internal.example/predict');
    }
    if (request.instances.some(({ a }) => typeof a === 'bigint' && faults.breaksBatch?.(a))) {
      throw new Error('HTTP 500 from http://internal.example/predict');
    }
    return request.instances.map((instance) => this.answer(instance));
  }

  /** What the model says of one instance; a test may put another model here. */
  answer = ({ a, b }: Instance): PredictionOutcome => {
    if (typeof a !== 'bigint' || typeof b !== 'number') {
      return { kind: 'failure', code: 'INVALID_INSTANCE', message: 'a and b must not be null.' };
    }
    if (this.faults.refuses?.(a))
      return { kind: 'failure', code: 'INSTANCE_REFUSED', message: `a of ${a} is refused.` };
    return { kind: 'prediction', prediction: { y: 2 * Number(a) + 3 * b, z: a } };
  };
}

import type { BacktestRecord } from '../backtests/backtests.js';
import type { BatchPredictionJobRecord } from '../batch-prediction/batch-predictions.js';
import type { JobRecord } from '../datasources/job-store/job-record.js';
import type { Feature } from '../datasources/registry/model.js';
import type { Model } from '../datasources/registry/prediction-model.js';
import { featuresOfBacktest, usedFeatures, type UsedFeature } from '../lineage/used-features.js';
import { formatResourceName } from '../schema/resource-name.js';
import type { Lineage, LineageNode } from '../schema/registry/lineage.js';
import type { TrainingSetJobRecord, TrainingSetSpec } from '../training-sets/training-sets.js';
import { toSourceTables } from './feature-source.js';

/** The object of the question. */
export type LineageStart =
  | { readonly kind: 'FEATURE'; readonly feature: Feature }
  | { readonly kind: 'MODEL'; readonly model: Model }
  | { readonly kind: 'TRAINING_SET'; readonly job: TrainingSetJobRecord }
  | { readonly kind: 'BATCH_PREDICTION'; readonly job: BatchPredictionJobRecord }
  | { readonly kind: 'BACKTEST'; readonly job: BacktestRecord };

/** What the client may see: the jobs that are searched, and the features and models that a job names. */
export interface VisibleObjects {
  readonly trainingSets: readonly TrainingSetJobRecord[];
  readonly predictions: readonly BatchPredictionJobRecord[];
  readonly backtests: readonly BacktestRecord[];
  /** Also a job that is not among the searched ones. */
  readonly findTrainingSet: (id: string) => Promise<TrainingSetJobRecord | undefined>;
  readonly findFeature: (featurestore: string, entityType: string, feature: string) => Feature | undefined;
  readonly findModel: (name: string) => Model | undefined;
  readonly maySeeFiles: boolean;
}

/** The nodes and edges around one object: all that it was made from, and all that was made from it. */
export class LineageGraph {
  readonly #nodes = new Map<string, LineageNode>();
  readonly #edges = new Map<string, Lineage['edges'][number]>();

  constructor(private readonly visible: VisibleObjects) {}

  async around(start: LineageStart): Promise<Pick<Lineage, 'nodes' | 'edges'>> {
    switch (start.kind) {
      case 'FEATURE':
        this.#usesOfFeature(start.feature, this.#feature(start.feature));
        break;
      case 'MODEL':
        await this.#usesOfModel(start.model, this.#model(start.model));
        break;
      case 'TRAINING_SET':
        this.#usesOfTrainingSet(start.job, this.#trainingSet(start.job));
        break;
      case 'BATCH_PREDICTION':
        await this.#prediction(start.job);
        break;
      case 'BACKTEST':
        this.#backtest(start.job);
    }
    return { nodes: [...this.#nodes.values()], edges: [...this.#edges.values()] };
  }

  #node(key: string, kind: LineageNode['kind'], name: string, more: Partial<LineageNode> = {}): string {
    if (!this.#nodes.has(key)) this.#nodes.set(key, { key, kind, name, file: null, object: null, ...more });
    return key;
  }

  #edge(from: string, to: string): void {
    this.#edges.set(JSON.stringify([from, to]), { from, to });
  }

  /** A feature, its source and the tables of that. */
  #feature(feature: Feature): string {
    const { source, entityType } = feature;
    const { maySeeFiles } = this.visible;
    const key = this.#node(
      formatResourceName({
        kind: 'feature',
        featurestore: entityType.featurestore.name,
        entityType: entityType.name,
        feature: feature.name,
      }),
      'FEATURE',
      feature.name,
      { object: feature },
    );
    const place = `${entityType.featurestore.name}/${entityType.name}`;
    const ofSource = this.#node(`source:${place}/${source.name}`, 'SOURCE', source.name, {
      file: maySeeFiles ? source.sqlFile : null,
    });
    this.#edge(ofSource, key);
    for (const { name, files } of toSourceTables(source, maySeeFiles)) {
      this.#edge(this.#node(`table:${entityType.featurestore.name}/${name}`, 'TABLE', name, { file: files }), ofSource);
    }
    return key;
  }

  #model(model: Model): string {
    const id = formatResourceName({ kind: 'model', model: model.name });
    return this.#node(id, 'MODEL', model.name, { object: model });
  }

  /** A training set job with what it reads and writes. Returns the key of what it writes; of the job until then. */
  #trainingSet(job: TrainingSetJobRecord): string {
    const key = this.#job(job, 'TRAINING_SET_JOB');
    this.#labels(job.spec, key);
    this.#features(usedFeatures(job.spec), key);
    return this.#output(job, key, 'TRAINING_SET', job.result?.output.location);
  }

  /** A backtest with its model and what it reads. It writes nothing but its own record. */
  #backtest(job: BacktestRecord, knownModel?: string): void {
    const key = this.#job(job, 'BACKTEST_JOB');
    this.#usedModel(job.spec.model, key, knownModel);
    this.#labels(job.spec.rows, key);
    this.#features(featuresOfBacktest(job.spec), key);
  }

  #labels({ labels }: Pick<TrainingSetSpec, 'labels'>, key: string): void {
    if (labels.kind === 'FILE') this.#edge(this.#node(`files:${labels.file}`, 'FILES', labels.file), key);
    if (labels.kind === 'TABLE') this.#edge(this.#node(`job table:${labels.table}`, 'TABLE', labels.table), key);
  }

  #features(used: readonly UsedFeature[], key: string): void {
    for (const { featurestore, entityType, feature: name } of used) {
      const feature = this.visible.findFeature(featurestore, entityType, name);
      if (feature) this.#edge(this.#feature(feature), key);
    }
  }

  #usedModel(name: string, key: string, known?: string): void {
    const model = known === undefined ? this.visible.findModel(name) : undefined;
    const ofModel = known ?? (model && this.#model(model));
    if (ofModel !== undefined) this.#edge(ofModel, key);
  }

  /** What a job has written. Returns its key; that of the job until there is an output. */
  #output(
    job: JobRecord,
    key: string,
    kind: 'TRAINING_SET' | 'PREDICTIONS',
    location: string | null | undefined,
  ): string {
    if (location == null) return key;
    const output = this.#node(`output:${job.id}`, kind, location);
    this.#edge(key, output);
    return output;
  }

  /** A batch prediction job with its model, what it reads and what it writes. */
  async #prediction(job: BatchPredictionJobRecord, knownModel?: string): Promise<void> {
    const { input } = job.spec;
    const key = this.#job(job, 'BATCH_PREDICTION_JOB');
    this.#usedModel(job.spec.model, key, knownModel);
    if (input.kind === 'TRAINING_SET') {
      const trainingSet = await this.visible.findTrainingSet(input.job);
      if (trainingSet) this.#edge(this.#trainingSet(trainingSet), key);
    } else if (input.kind === 'TABLE') {
      this.#edge(this.#node(`job table:${input.table}`, 'TABLE', input.table), key);
    } else {
      for (const file of input.files) this.#edge(this.#node(`files:${file}`, 'FILES', file), key);
    }
    this.#output(job, key, 'PREDICTIONS', job.result?.predictions);
  }

  async #usesOfModel({ name }: Model, key: string): Promise<void> {
    for (const job of this.visible.predictions) if (job.spec.model === name) await this.#prediction(job, key);
    for (const job of this.visible.backtests) if (job.spec.model === name) this.#backtest(job, key);
  }

  #usesOfFeature({ name, entityType }: Feature, key: string): void {
    const isThis = (used: UsedFeature): boolean =>
      used.featurestore === entityType.featurestore.name &&
      used.entityType === entityType.name &&
      used.feature === name;
    for (const job of this.visible.trainingSets) {
      if (!usedFeatures(job.spec).some(isThis)) continue;
      const ofJob = this.#job(job, 'TRAINING_SET_JOB');
      this.#edge(key, ofJob);
      this.#usesOfTrainingSet(job, this.#output(job, ofJob, 'TRAINING_SET', job.result?.output.location));
    }
    for (const job of this.visible.backtests) {
      if (!featuresOfBacktest(job.spec).some(isThis)) continue;
      const ofJob = this.#job(job, 'BACKTEST_JOB');
      this.#edge(key, ofJob);
      this.#usedModel(job.spec.model, ofJob);
    }
  }

  #usesOfTrainingSet(job: TrainingSetJobRecord, output: string): void {
    for (const prediction of this.visible.predictions) {
      const { input } = prediction.spec;
      if (input.kind !== 'TRAINING_SET' || input.job !== job.id) continue;
      const key = this.#job(prediction, 'BATCH_PREDICTION_JOB');
      this.#edge(output, key);
      this.#usedModel(prediction.spec.model, key);
      this.#output(prediction, key, 'PREDICTIONS', prediction.result?.predictions);
    }
  }

  #job(job: JobRecord, kind: 'TRAINING_SET_JOB' | 'BATCH_PREDICTION_JOB' | 'BACKTEST_JOB'): string {
    const id = formatResourceName({ kind: 'job', job: job.id });
    return this.#node(id, kind, job.displayName ?? id, { object: job });
  }
}

import { isBacktest } from '../backtests/backtests.js';
import { isBatchPredictionJob, type BatchPredictionJobRecord } from '../batch-prediction/batch-predictions.js';
import type { JobRecord } from '../datasources/job-store/job-record.js';
import { isTerminalState } from '../datasources/job-store/job-state.js';
import { listReadTables } from '../datasources/registry/read-tables.js';
import type { EntityType, Feature } from '../datasources/registry/model.js';
import type { Registry } from '../datasources/registry/registry.js';
import { isFeatureViewSyncJob } from '../ingestion/feature-view-syncs.js';
import { isSourceRefreshJob, type SourceRefreshJobRecord } from '../ingestion/source-refreshes.js';
import { isMonitorRun } from '../monitors/monitors.js';
import { isTrainingSetJob } from '../training-sets/training-sets.js';
import type { Datasets } from './datasets.js';
import type { Dataset } from './open-lineage.js';
import { labelInputs, trainingSetDataset, trainingSetOutput } from './training-set-datasets.js';
import { featuresOfBacktest, usedFeatures, type UsedFeature } from './used-features.js';

/** What a job reads and what it has written so far. */
export interface JobDatasets {
  readonly inputs: readonly Dataset[];
  readonly outputs: readonly Dataset[];
}

export interface JobDatasetsOptions {
  readonly registry: Registry;
  readonly datasets: Datasets;
  /** A job by its id: batch predictions name the training set job that they read. */
  readonly findJob: (id: string) => Promise<JobRecord | undefined>;
}

/** Finds the datasets of jobs of every kind. What the registry no longer has is left out. */
export class JobDatasetFinder {
  constructor(private readonly options: JobDatasetsOptions) {}

  async find(job: JobRecord): Promise<JobDatasets> {
    const { datasets } = this.options;
    if (isTrainingSetJob(job)) {
      const features = this.#find(usedFeatures(job.spec));
      const inputs = [...labelInputs(job.spec.labels, datasets), ...this.#sourcesOf(features)];
      return { inputs, outputs: trainingSetOutput(job, features, datasets) };
    }
    if (isBatchPredictionJob(job)) return this.#prediction(job);
    if (isSourceRefreshJob(job)) return this.#refresh(job);
    if (isFeatureViewSyncJob(job)) {
      const { featurestore, featureView } = job.spec;
      const view = this.#store(featurestore)?.featureViews.find(({ name }) => name === featureView);
      if (!view) return NOTHING;
      return {
        inputs: this.#sourcesOf(view.features),
        outputs: [datasets.online(view.entityType, view.features)],
      };
    }
    if (isMonitorRun(job)) {
      const { featurestore, monitor: name } = job.spec;
      const monitor = this.#store(featurestore)?.monitors.find((each) => each.name === name);
      return { inputs: this.#sourcesOf(monitor?.features ?? []), outputs: [] };
    }
    if (isBacktest(job)) {
      const { spec } = job;
      const inputs = [
        ...this.#model(spec.model),
        ...labelInputs(spec.rows.labels, datasets),
        ...this.#sourcesOf(this.#find(featuresOfBacktest(spec))),
      ];
      return { inputs, outputs: [] };
    }
    return NOTHING;
  }

  async #prediction(job: BatchPredictionJobRecord): Promise<JobDatasets> {
    const { datasets, findJob } = this.options;
    const { names } = datasets;
    const { input, output, model, modelSnapshot } = job.spec;
    const isVertex = modelSnapshot.runtime === 'VERTEX';
    const table = (name: string): Dataset => datasets.plain(isVertex ? names.bigQuery(name) : names.table(name));
    const file = (name: string): Dataset => datasets.plain(names.file(name));
    const inputs = [...this.#model(model)];
    if (input.kind === 'TABLE') inputs.push(table(input.table));
    else if (input.kind === 'TRAINING_SET') {
      const made = await findJob(input.job);
      if (made && isTrainingSetJob(made))
        inputs.push(...trainingSetDataset(made, this.#find(usedFeatures(made.spec)), datasets));
    } else inputs.push(...input.files.map(file));
    const { predictions = null, failures = null } = job.result ?? {};
    const isTable = output.format === 'TABLE';
    const outputs = [
      ...(predictions === null ? [] : [isTable ? table(predictions) : file(predictions)]),
      ...(failures === null ? [] : [isTable && isVertex ? table(failures) : file(failures)]),
    ];
    return { inputs, outputs };
  }

  /** A refresh reads files, computes sources, and fills the online store. At its end, only what was computed is an output. */
  #refresh({ spec, state, result }: SourceRefreshJobRecord): JobDatasets {
    const { datasets } = this.options;
    const entityType = this.#entityType(spec.featurestore, spec.entityType);
    const asked = entityType?.sources.filter(
      ({ sql, name }) => sql !== null && (spec.source === null || spec.source === name),
    );
    if (!entityType || !asked) return NOTHING;
    const computed = result?.computed?.map(({ source }) => source);
    // A refresh that failed left the old values.
    const mayWrite = !isTerminalState(state) || (result?.steps ?? 0) > 0;
    const written = asked.filter(({ name }) => computed?.includes(name) ?? mayWrite);
    const paths = new Set(asked.flatMap((source) => listReadTables(source)).map(([, { path }]) => path));
    return {
      inputs: Array.from(paths, (path) => datasets.plain(datasets.names.registryFile(path))),
      outputs: [
        ...written.map((source) => datasets.source(source, source.features)),
        ...(written.length === 0
          ? []
          : [
              datasets.online(
                entityType,
                written.flatMap(({ features }) => features),
              ),
            ]),
      ],
    };
  }

  #model(name: string): Dataset[] {
    const model = this.options.registry.models.find((each) => each.name === name);
    return model ? [this.options.datasets.model(model)] : [];
  }

  /** Each source once, with the features of it that are used. */
  #sourcesOf(features: readonly Feature[]): Dataset[] {
    const bySource = Map.groupBy(new Set(features), ({ source }) => source);
    return Array.from(bySource, ([source, of]) => this.options.datasets.source(source, of));
  }

  #find(used: readonly UsedFeature[]): Feature[] {
    return used.flatMap(({ featurestore, entityType, feature }) => {
      const found = this.#entityType(featurestore, entityType)?.features.find(({ name }) => name === feature);
      return found ?? [];
    });
  }

  #store(name: string) {
    return this.options.registry.findFeaturestore(name);
  }

  #entityType(featurestore: string, name: string): EntityType | undefined {
    return this.#store(featurestore)?.entityTypes.find((each) => each.name === name);
  }
}

const NOTHING: JobDatasets = { inputs: [], outputs: [] };

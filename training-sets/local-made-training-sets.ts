import { badInput } from '../errors/app-error.js';
import type { MadeRow, MadeRowsRead, MadeTrainingSets } from './made-rows.js';
import { readMadeRows } from './read-made-rows.js';
import { withWorkDatabase, type TrainingSetDependencies } from './training-set-dependencies.js';
import { toOutput } from './training-set-output.js';
import type { TrainingSetJobRecord } from './training-sets.js';

/** Reads training sets from the files and tables of this gateway. */
export class LocalMadeTrainingSets implements MadeTrainingSets {
  constructor(private readonly dependencies: TrainingSetDependencies) {}

  async rows({ id, spec }: TrainingSetJobRecord, read: MadeRowsRead): Promise<MadeRow[]> {
    if (this.dependencies.shared) {
      throw badInput(
        'Several gateways share their training sets here, which only a gateway alone can read.',
        'trainingSet',
      );
    }
    if (spec.output.format === 'BIGQUERY') {
      throw badInput('The gateway does not read tables of BigQuery again. Name another training set.', 'trainingSet');
    }
    const output = await toOutput(spec.output, id, this.dependencies);
    return withWorkDatabase(this.dependencies, (work) => readMadeRows(work, spec, output, read), read.signal);
  }
}

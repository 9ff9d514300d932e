import { toErrorMessage } from '../../errors/error-message.js';
import { OperatorError } from '../../errors/operator-error.js';
import { readLegacyFeaturestore } from '../../datasources/google/vertex/legacy-featurestore.js';
import { planMigration } from '../migration-plan.js';
import { VertexClients } from '../../datasources/google/vertex/vertex-clients.js';
import { systemClock } from '../../values/clock.js';
import { findMigrationClashes } from './find-migration-clashes.js';
import { migrationPlanText } from './migration-plan-text.js';

export interface MigratePlanOptions {
  readonly project: string;
  readonly location: string;
  readonly featurestore: string;
  readonly dataset: string;
  readonly datasetLocation?: string;
  readonly onlineStore?: string;
  /** Before the names of tables, feature groups and views; '' when not given. */
  readonly prefix?: string;
}

/** Of a feature view, as of an entity type here and there. */
const MAX_VIEW_NAME_LENGTH = 60;

/** Reads a legacy featurestore and prints what it takes to leave it. Changes nothing. */
export async function migratePlan(
  options: MigratePlanOptions,
  clients = new VertexClients(options.location),
  clock = systemClock,
): Promise<string> {
  const { project, location, featurestore, prefix = '' } = options;
  try {
    const legacy = await readLegacyFeaturestore(clients, { project, location }, featurestore);
    const tooLong = legacy.entityTypes.find(({ name }) => prefix.length + name.length > MAX_VIEW_NAME_LENGTH);
    if (tooLong) {
      throw new OperatorError(
        `With the prefix "${prefix}" the name of ${tooLong.name} is longer than ${MAX_VIEW_NAME_LENGTH}.`,
      );
    }
    const plan = planMigration(legacy, {
      dataset: options.dataset,
      datasetLocation: options.datasetLocation ?? location,
      featureOnlineStore: options.onlineStore ?? featurestore,
      prefix,
    });
    return migrationPlanText(legacy, plan, findMigrationClashes(plan), clock());
  } catch (cause) {
    if (cause instanceof OperatorError) throw cause;
    const reason = toErrorMessage(cause);
    throw new OperatorError(
      `The legacy featurestore ${featurestore} of project ${project} in ${location} cannot be read.`,
      [reason],
      { cause },
    );
  } finally {
    await clients.close();
  }
}

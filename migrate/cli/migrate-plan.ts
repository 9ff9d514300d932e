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
  /** A prefix for the names of tables, feature groups and views; '' when absent. */
  readonly prefix?: string;
}

/** The maximum length of a feature view's name, and of an entity type's name in the registry and in Vertex AI. */
const MAX_VIEW_NAME_LENGTH = 60;

/** Reads a legacy featurestore and prints the steps of its migration. Changes nothing. */
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

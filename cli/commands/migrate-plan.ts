import { OperatorError } from '../../errors/operator-error.js';
import { readLegacyFeaturestore } from '../../datasources/registry/vertex/legacy-featurestore.js';
import { planMigration } from '../../datasources/registry/vertex/migration-plan.js';
import { VertexClients } from '../../datasources/vertex/vertex-clients.js';
import { systemClock } from '../../values/clock.js';
import { migrationPlanText } from '../migration-plan-text.js';

export interface MigratePlanOptions {
  readonly project: string;
  readonly location: string;
  readonly featurestore: string;
  readonly dataset: string;
  readonly datasetLocation?: string;
  readonly onlineStore?: string;
}

/** Reads a legacy featurestore and prints what it takes to leave it. Changes nothing. */
export async function migratePlan(
  options: MigratePlanOptions,
  clients = new VertexClients(options.location),
  clock = systemClock,
): Promise<string> {
  const { project, location, featurestore } = options;
  try {
    const legacy = await readLegacyFeaturestore(clients, { project, location }, featurestore);
    const plan = planMigration(legacy, {
      dataset: options.dataset,
      datasetLocation: options.datasetLocation ?? location,
      featureOnlineStore: options.onlineStore ?? featurestore,
    });
    return migrationPlanText(legacy, plan, clock());
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new OperatorError(
      `The legacy featurestore ${featurestore} of project ${project} in ${location} cannot be read.`,
      [reason],
      { cause },
    );
  } finally {
    await clients.close();
  }
}

import { randomBytes } from 'node:crypto';
import { stringify } from 'yaml';
import { toErrorMessage } from '../../errors/error-message.js';
import { OperatorError } from '../../errors/operator-error.js';
import type { PriceBook } from '../../costs/price-book.js';
import {
  listLegacyFeaturestores,
  readLegacyFeaturestore,
  type LegacyFeaturestore,
} from '../../datasources/google/vertex/legacy-featurestore.js';
import type { VertexClients } from '../../datasources/google/vertex/vertex-clients.js';
import { systemClock } from '../../values/clock.js';
import { formatInstant } from '../../values/instant.js';
import { estimateMigration } from '../migration-costs.js';
import { planMigration } from '../migration-plan.js';
import type { MigrationTarget } from '../migration-target.js';
import { listMovedTypes } from '../moved-types.js';
import { readViewUse } from '../run/preflight.js';
import { createStateFile } from '../state/state-file.js';
import { findMigrationClashes } from './find-migration-clashes.js';
import { planText } from './plan-text.js';

export interface MigratePlanOptions extends Omit<MigrationTarget, 'onlineStore' | 'datasetLocation'> {
  /** The legacy featurestores to move; none: all of the project and region. */
  readonly featurestores: readonly string[];
  /** null: the name of the featurestore, or `features` for several. */
  readonly onlineStore: string | null;
  /** null: the region of the featurestores. */
  readonly datasetLocation: string | null;
  readonly historyGib: number | null;
  /** Where the state file goes; null: nowhere. */
  readonly out: string | null;
}

export interface PlanServices {
  readonly clients: VertexClients;
  readonly book: PriceBook;
  readonly clock?: typeof systemClock;
}

/** Reads legacy featurestores and returns the plan of their migration as text. Changes nothing on Google Cloud. */
export async function migratePlan(
  options: MigratePlanOptions,
  { clients, book, clock = systemClock }: PlanServices,
): Promise<string> {
  try {
    const legacies = await readFeaturestores(options, clients);
    const target: MigrationTarget = {
      ...options,
      datasetLocation: options.datasetLocation ?? options.location,
      onlineStore: options.onlineStore ?? (legacies.length === 1 ? legacies[0]!.name : 'features'),
    };
    if (target.viewProjects.some((project) => project !== target.project) && target.projectNumber === null) {
      throw new OperatorError(
        `Views of other projects name the project of the feature groups by its number: say --project-number.`,
      );
    }
    const usedViews = await countUsedViews(legacies, target, clients);
    const places = target.viewProjects.map((project) => ({
      project,
      free: target.viewQuota - (usedViews.get(project) ?? 0),
    }));
    const plan = planMigration(legacies, target, places);
    const registry = stringify({ featurestores: plan.featurestores });
    const now = clock();
    if (options.out !== null) {
      await createStateFile(options.out, {
        version: 1,
        planId: randomBytes(6).toString('hex'),
        plannedAt: formatInstant(now),
        project: target.project,
        location: target.location,
        registry,
        cannotMove: [...plan.cannotMove],
        steps: [...plan.steps],
        progress: {},
      });
    }
    const costs = estimateMigration(book, {
      onlineStores: new Set(plan.views.map(({ project }) => project)).size,
      legacyNodes: legacies.reduce((sum, { nodes }) => sum + nodes, 0),
      historyGib: options.historyGib,
    });
    const clashes = findMigrationClashes(plan);
    return planText({
      legacies,
      target,
      plan,
      usedViews,
      costs,
      historyGib: options.historyGib,
      clashes,
      registry,
      now,
    });
  } finally {
    await clients.close();
  }
}

async function readFeaturestores(
  { project, location, featurestores }: MigratePlanOptions,
  clients: VertexClients,
): Promise<LegacyFeaturestore[]> {
  const place = { project, location };
  const what =
    featurestores.length === 0 ? 'The legacy featurestores' : `The legacy featurestore ${featurestores.join(', ')}`;
  try {
    const names = featurestores.length > 0 ? featurestores : await listLegacyFeaturestores(clients, place);
    const legacies: LegacyFeaturestore[] = [];
    for (const name of names) legacies.push(await readLegacyFeaturestore(clients, place, name));
    if (legacies.length > 0) return legacies;
  } catch (cause) {
    throw new OperatorError(`${what} of project ${project} in ${location} cannot be read.`, [toErrorMessage(cause)], {
      cause,
    });
  }
  throw new OperatorError(`Project ${project} has no legacy featurestore in ${location}.`);
}

/** The views of each project, without those that an earlier run of the same plan made. */
async function countUsedViews(
  legacies: readonly LegacyFeaturestore[],
  target: MigrationTarget,
  clients: VertexClients,
): Promise<Map<string, number>> {
  const own = new Set(listMovedTypes(legacies, target).map(({ group }) => `${target.onlineStore}/${group}`));
  const wide = new RegExp(`^${target.onlineStore}/${target.prefix}wide_\\d+$`);
  const used = new Map<string, number>();
  for (const project of target.viewProjects) {
    const { views } = await readViewUse(clients, { project, location: target.location });
    used.set(project, views.filter((view) => !own.has(view) && !wide.test(view)).length);
  }
  return used;
}

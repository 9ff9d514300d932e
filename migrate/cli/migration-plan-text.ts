import { stringify } from 'yaml';
import type { LegacyFeaturestore } from '../../datasources/google/vertex/legacy-featurestore.js';
import type { MigrationPlan } from '../migration-plan.js';
import { endOfService } from '../../datasources/google/vertex/end-of-service.js';
import { formatInstant, type Instant } from '../../values/instant.js';
import { checkCommands, sequentialCommands, shellFunctions, startAllCommands } from './migration-shell.js';

/** The plan as Markdown: the blocks run unchanged, in this order. `clashes` are name clashes, one sentence each. */
export function migrationPlanText(
  legacy: LegacyFeaturestore,
  plan: MigrationPlan,
  clashes: readonly string[],
  now: Instant,
): string {
  const { project, location } = legacy.place;
  return [
    `# Moving ${legacy.name} off Vertex AI Feature Store (Legacy)`,
    `Project ${project}, ${location}, read ${formatInstant(now).slice(0, 10)}. Its API ${endOfService(now)}.`,
    '## 1. Export the history',
    'A full export: in a snapshot every value has the time of the snapshot, and reads of the past become impossible.',
    fenced('sh', [shellFunctions(location), startAllCommands(plan.exports)].join('\n\n')),
    '## 2. Make the tables',
    'An export has the entity id in `entity_type_` and the name of the entity type, and the time in `feature_timestamp`. Google documents neither: check it in the first exported table (`bq show --schema`) before you run this.',
    fenced('sql', plan.tables.map(({ sql }) => sql).join('\n\n')),
    '## 3. Make the feature groups, the online store and the views',
    'In the shell of step 1. Each waits for the one before it, which takes some minutes; the online store takes the longest.',
    fenced('sh', sequentialCommands(plan.creations)),
    '## 4. Fill the views',
    `Each view has a service account of its own, \`serviceAccountEmail\` in what GET says of it. Grant it roles/bigquery.dataViewer on dataset ${plan.registry.offlineStore.dataset} first, or the sync fails.`,
    fenced('sh', checkCommands(plan.syncs)),
    '## 5. Serve from the old one, compare with the new one',
    'This is the registry while you move. When `featuregraph migrate compare` finds no difference, make the store under ' +
      '`shadow` the `onlineStore`, and take `shadow` out. No query changes.',
    fenced('yaml', stringify({ featurestores: [plan.registry] }, { lineWidth: 120 }).trimEnd()),
    '## What cannot move',
    [...clashes, ...plan.cannotMove].map((loss) => `- ${loss}`).join('\n'),
    '',
  ].join('\n\n');
}

function fenced(language: string, text: string): string {
  return `\`\`\`${language}\n${text}\n\`\`\``;
}

import { stringify } from 'yaml';
import type { LegacyFeaturestore } from '../datasources/registry/vertex/legacy-featurestore.js';
import type { MigrationPlan, PlannedCall } from '../datasources/registry/vertex/migration-plan.js';
import { endOfService } from '../datasources/vertex/end-of-service.js';
import { formatInstant, type Instant } from '../values/instant.js';

/** The plan as Markdown: each block can be run as it stands, in this order. */
export function migrationPlanText(legacy: LegacyFeaturestore, plan: MigrationPlan, now: Instant): string {
  const { project, location } = legacy.place;
  return [
    `# Moving ${legacy.name} off Vertex AI Feature Store (Legacy)`,
    `Project ${project}, ${location}, read ${formatInstant(now).slice(0, 10)}. Its API ${endOfService(now)}.`,
    '## 1. Export the history',
    'A full export: in a snapshot every value has the time of the snapshot, and reads of the past become impossible.',
    fenced('sh', [callFunction(location), ...plan.exports.map(call)].join('\n\n')),
    '## 2. Make the tables',
    'An export has the entity id in `entity_type_` and the name of the entity type, and the time in `feature_timestamp`. Google documents neither: check it in the first exported table (`bq show --schema`) before you run this.',
    fenced('sql', plan.tables.map(({ sql }) => sql).join('\n\n')),
    '## 3. Make the feature groups, the online store and the views',
    'Each waits for the one before it: the answers are operations that take some minutes.',
    fenced('sh', plan.creations.map(call).join('\n\n')),
    '## 4. Fill the views',
    `Each view has a service account of its own, \`serviceAccountEmail\` in what GET says of it. Grant it roles/bigquery.dataViewer on dataset ${plan.registry.offlineStore.dataset} first, or the sync fails.`,
    fenced('sh', plan.syncs.map(call).join('\n')),
    '## 5. Serve from the old one, compare with the new one',
    'This is the registry while you move. When `featuregraph migrate compare` finds no difference, make the store under ' +
      '`shadow` the `onlineStore`, and take `shadow` out. No query changes.',
    fenced('yaml', stringify({ featurestores: [plan.registry] }, { lineWidth: 120 }).trimEnd()),
    '## What cannot move',
    plan.cannotMove.map((loss) => `- ${loss}`).join('\n'),
    '',
  ].join('\n\n');
}

function callFunction(location: string): string {
  return [
    'vertex() {',
    '  curl --fail-with-body -sS -X POST -H "Authorization: Bearer $(gcloud auth print-access-token)" \\',
    `    -H 'Content-Type: application/json' "https://${location}-aiplatform.googleapis.com/v1/$1" -d "$2"`,
    '}',
  ].join('\n');
}

function call({ what, path, body }: PlannedCall): string {
  return `# ${what}\nvertex '${path}' '${JSON.stringify(body, null, 2).replaceAll("'", `'\\''`)}'`;
}

function fenced(language: string, text: string): string {
  return `\`\`\`${language}\n${text}\n\`\`\``;
}

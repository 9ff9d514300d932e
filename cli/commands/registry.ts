import { Command } from 'commander';
import { stringify } from 'yaml';
import type { GoogleClientOptions } from '../../composition/google-clients.js';
import { readFeaturestoreFromVertex } from '../../composition/registry.js';
import {
  listFeatureOnlineStores,
  type VertexFeaturestore,
} from '../../datasources/registry/vertex/read-vertex-featurestore.js';
import {
  vertexFeaturestores,
  type VertexFeaturestoreDocument,
} from '../../datasources/registry/document/vertex-featurestore-document.js';
import { VertexClients } from '../../datasources/google/vertex/vertex-clients.js';
import { OperatorError } from '../../errors/operator-error.js';

export interface FromVertexFlags {
  readonly project: string;
  readonly location: string;
  readonly featureOnlineStore?: string;
  readonly featureView?: string[];
  readonly name?: string;
}

/** `featuregraph registry`: generates registry files. */
export function registryCommand(write: (text: string) => void): Command {
  const command = new Command('registry').description('Write registry files from other systems.');
  command
    .command('from-vertex')
    .description(
      'Print a feature online store of Vertex AI as a registry file, for review and editing. Changes nothing.',
    )
    .requiredOption('--project <project>', 'the Google Cloud project')
    .requiredOption('--location <region>', 'its region, such as europe-west4')
    .option('--feature-online-store <id>', 'the feature online store; without it, the command lists them')
    .option('--feature-view <id...>', 'the feature views to include (default: all)')
    .option('--name <name>', 'the name of the featurestore (default: that of the feature online store)')
    .action(async (flags: FromVertexFlags) => write(await registryFromVertex(flags)));
  return command;
}

/** A registry file with the omitted parts as comments, or the ids of online stores when none was named. */
export async function registryFromVertex(flags: FromVertexFlags, google: GoogleClientOptions = {}): Promise<string> {
  if (flags.featureOnlineStore === undefined) return onlineStoresText(flags, google);
  const entry = toRegistryEntry({ ...flags, featureOnlineStore: flags.featureOnlineStore });
  return registryText(entry, await readFeaturestoreFromVertex(entry, google));
}

async function onlineStoresText(flags: FromVertexFlags, { vertex }: GoogleClientOptions): Promise<string> {
  const entry = toRegistryEntry({ ...flags, featureOnlineStore: 'any' });
  const clients = new VertexClients(entry.location, vertex);
  try {
    const stores = await listFeatureOnlineStores(entry, clients);
    const { project, location } = entry;
    if (stores.length === 0) throw new OperatorError(`Project ${project} has no feature online store in ${location}.`);
    return stores.map((id) => `--feature-online-store ${id}\n`).join('');
  } finally {
    await clients.close();
  }
}

function toRegistryEntry({
  project,
  location,
  featureOnlineStore,
  featureView,
  name,
}: FromVertexFlags): VertexFeaturestoreDocument {
  const parsed = vertexFeaturestores.safeParse([
    { project, location, featureOnlineStore, featureViews: featureView, name },
  ]);
  if (parsed.success) return parsed.data[0]!;
  throw new OperatorError(
    'These options do not name a feature online store:',
    parsed.error.issues.map(({ path, message }) => `${path.slice(1).join('.')}: ${message}`),
  );
}

function registryText(
  { project, location, featureOnlineStore }: VertexFeaturestoreDocument,
  read: VertexFeaturestore,
): string {
  const comments = [
    'yaml-language-server: $schema=registry.schema.json',
    '(`featuregraph print-registry-schema > registry.schema.json`, and editors check this file.)',
    '',
    `The feature online store ${featureOnlineStore} of project ${project} in ${location}, as Vertex AI describes it. What it`,
    'cannot say is worth adding: units, ttlSeconds, sensitivity, pluralName.',
    ...(read.leftOut.length === 0 ? [] : ['', 'Not taken over:', ...read.leftOut.map((sentence) => `- ${sentence}`)]),
  ];
  const yaml = stringify({ featurestores: [read.input] }, { lineWidth: 120 });
  return `${comments.map((line) => `# ${line}`.trimEnd()).join('\n')}\n${yaml}`;
}

import type { protos } from '@google-cloud/aiplatform';
import type { z } from 'zod';
import { OperatorError } from '../../../errors/operator-error.js';
import { ADMIN_POLICY, retrying } from '../../vertex/call-policy.js';
import { featureGroupName, featureOnlineStoreName, idOf, type VertexPlace } from '../../vertex/resource-names.js';
import type { VertexClients } from '../../vertex/vertex-clients.js';
import { Registry } from '../registry.js';
import { registryDocument, type RegistryDocument } from '../yaml/document.js';
import { findFaults } from '../yaml/find-faults.js';
import { toModel } from '../yaml/to-model.js';
import { parseTableUri, valueTypeOfColumn, type TableColumn, type TableSchema } from './table-schema.js';

type FeatureView = protos.google.cloud.aiplatform.v1.IFeatureView;
type FeatureInput = SourceInput['features'][number];
type FeaturestoreInput = z.input<typeof registryDocument>['featurestores'][number];
type EntityTypeInput = FeaturestoreInput['entityTypes'][number];
type SourceInput = EntityTypeInput['sources'][number];

/** Longer ids are allowed in Vertex AI, but not in a registry of ours. */
const MOST_FEATURE_NAME = 64;
const DEFAULT_ID_COLUMNS = ['entity_id'];
const DEFAULT_TIME_COLUMN = 'feature_timestamp';

export interface VertexRegistry {
  readonly registry: Registry;
  /** The same as a registry file would say it. */
  readonly document: RegistryDocument;
  /** What is there and could not be taken over, one sentence each. */
  readonly leftOut: readonly string[];
}

/**
 * Reads a feature online store as a featurestore. What can be read by an id is a feature view, so each is an entity type
 * of its name, and its feature groups are the sources. The types of features are those of the columns in BigQuery, since
 * Vertex AI knows none; a view over a table without feature groups has all its columns as features.
 */
export async function readVertexRegistry(
  clients: VertexClients,
  place: VertexPlace,
  featureOnlineStore: string,
  tableSchema: TableSchema,
): Promise<VertexRegistry> {
  const admin = await clients.featureOnlineStores();
  const name = featureOnlineStoreName(place, featureOnlineStore);
  const [store] = await retrying(ADMIN_POLICY, (timeout) => admin.getFeatureOnlineStore({ name }, { timeout }));
  const [views] = await retrying(ADMIN_POLICY, (timeout) => admin.listFeatureViews({ parent: name }, { timeout }));
  const reader = new ViewDescriber(clients, place, tableSchema, Boolean(store.bigtable));
  const described = [];
  for (const view of views) {
    const entityType = await reader.describe(view);
    if (entityType) described.push({ entityType, schedule: said(view.syncConfig?.cron) ?? null });
  }
  const document = validated({
    name: featureOnlineStore,
    labels: store.labels ?? {},
    onlineStore: { kind: 'VERTEX_FEATURE_VIEW', ...place, featureOnlineStore },
    entityTypes: described.map(({ entityType }) => entityType),
    featureViews: described.map(({ entityType, schedule }) => ({
      name: entityType.name,
      entityType: entityType.name,
      features: entityType.sources.flatMap(({ features }) => features.map((feature) => feature.name)),
      // With its time zone, where it has one: without it the expression would mean another hour.
      schedule,
    })),
  });
  return {
    document,
    registry: new Registry(toModel(document, { sqlTexts: new Map(), tablePaths: new Map() })),
    leftOut: reader.leftOut,
  };
}

function validated(featurestore: FeaturestoreInput): RegistryDocument {
  const parsed = registryDocument.safeParse({ featurestores: [featurestore] });
  const faults = parsed.success ? findFaults(parsed.data) : parsed.error.issues;
  if (parsed.success && faults.length === 0) return parsed.data;
  throw new OperatorError(
    `The feature online store "${featurestore.name}" does not make a registry:`,
    faults.map(({ path, message }) => `${path.slice(2).map(String).join('.')}: ${message}`),
  );
}

class ViewDescriber {
  readonly leftOut: string[] = [];

  constructor(
    readonly clients: VertexClients,
    readonly place: VertexPlace,
    readonly tableSchema: TableSchema,
    readonly isBigtable: boolean,
  ) {}

  async describe(view: FeatureView): Promise<EntityTypeInput | undefined> {
    const name = idOf(view.name);
    if (view.bigQuerySource) return this.#ofTable(name, view.bigQuerySource);
    if (view.featureRegistrySource) return this.#ofGroups(name, view);
    this.leftOut.push(`Feature view ${name} is over a RAG corpus: it holds no features.`);
    return undefined;
  }

  async #ofTable(
    name: string,
    source: protos.google.cloud.aiplatform.v1.FeatureView.IBigQuerySource,
  ): Promise<EntityTypeInput | undefined> {
    const columns = await this.#columns(source.uri ?? '');
    const entityIdColumns = source.entityIdColumns ?? [];
    const isTimed = columns.some((column) => column.name === DEFAULT_TIME_COLUMN);
    const features = columns
      .filter((column) => !entityIdColumns.includes(column.name) && column.name !== DEFAULT_TIME_COLUMN)
      .flatMap((column) => this.#featureOf(`${name}.${column.name}`, column.name, column) ?? []);
    if (!this.#hasAny(name, features)) return undefined;
    return { name, entityIdColumns, sources: [{ static: !isTimed, timestampColumn: DEFAULT_TIME_COLUMN, features }] };
  }

  async #ofGroups(name: string, view: FeatureView): Promise<EntityTypeInput | undefined> {
    const registry = await this.clients.featureGroups();
    const sources: SourceInput[] = [];
    const idColumns = new Set<string>();
    const descriptions: string[] = [];
    let isDense = true;
    for (const { featureGroupId, featureIds } of view.featureRegistrySource?.featureGroups ?? []) {
      const group = featureGroupName(this.place, featureGroupId ?? '');
      const [{ bigQuery, description }] = await retrying(ADMIN_POLICY, (timeout) =>
        registry.getFeatureGroup({ name: group }, { timeout }),
      );
      const [known] = await retrying(ADMIN_POLICY, (timeout) => registry.listFeatures({ parent: group }, { timeout }));
      const columns = await this.#columns(bigQuery?.bigQuerySource?.inputUri ?? '');
      const features = (featureIds ?? []).flatMap((featureId) => {
        const feature = known.find((candidate) => idOf(candidate.name) === featureId);
        const column = columns.find((candidate) => candidate.name === (said(feature?.versionColumnName) ?? featureId));
        const described = this.#featureOf(`${name}.${featureId}`, featureId, column);
        if (!described) return [];
        return [
          {
            ...described,
            description: said(feature?.description) ?? null,
            owner: said(feature?.pointOfContact) ?? null,
            labels: feature?.labels ?? {},
          },
        ];
      });
      idColumns.add(JSON.stringify(bigQuery?.entityIdColumns?.length ? bigQuery.entityIdColumns : DEFAULT_ID_COLUMNS));
      if (description) descriptions.push(description);
      isDense &&= bigQuery?.dense ?? false;
      if (features.length === 0) continue;
      sources.push({
        name: featureGroupId ?? '',
        static: bigQuery?.staticDataSource ?? false,
        timestampColumn: said(bigQuery?.timeSeries?.timestampColumn) ?? DEFAULT_TIME_COLUMN,
        features,
      });
    }
    if (idColumns.size > 1) {
      this.leftOut.push(`Feature view ${name} joins feature groups whose entity id columns differ.`);
      return undefined;
    }
    if (!this.#hasAny(name, sources)) return undefined;
    return {
      name,
      description: said(descriptions.join(' ')) ?? null,
      entityIdColumns: JSON.parse([...idColumns][0]!) as string[],
      // Elsewhere the service serves the newest non-null values, whatever the feature groups say.
      dense: isDense && this.isBigtable && Boolean(view.syncConfig?.cron),
      sources,
    };
  }

  #featureOf(place: string, name: string, column: TableColumn | undefined): FeatureInput | undefined {
    const valueType = column && valueTypeOfColumn(column);
    const fault = !column
      ? 'its column is not in the table'
      : column.name !== name
        ? `its column is called ${column.name}; make a view in BigQuery that renames it`
        : name.length > MOST_FEATURE_NAME
          ? `its name has more than ${MOST_FEATURE_NAME} characters`
          : valueType === undefined
            ? `a ${column.mode === 'REPEATED' ? 'repeated ' : ''}${column.type} is not served`
            : undefined;
    if (fault === undefined && valueType !== undefined) return { name, valueType };
    this.leftOut.push(`Feature ${place}: ${fault}.`);
    return undefined;
  }

  #hasAny(view: string, found: readonly unknown[]): boolean {
    if (found.length === 0) this.leftOut.push(`Feature view ${view} has no feature that can be taken over.`);
    return found.length > 0;
  }

  async #columns(uri: string): Promise<readonly TableColumn[]> {
    const table = parseTableUri(uri);
    if (!table) throw new OperatorError(`"${uri}" is not a BigQuery table as Vertex AI names one.`);
    return this.tableSchema(table.project, table.dataset, table.table);
  }
}

/** A text that is not set comes as an empty one. */
function said(text: string | null | undefined): string | undefined {
  return text === null || text === '' ? undefined : text;
}

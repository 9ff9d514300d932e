import type { protos } from '@google-cloud/aiplatform';
import { formatTablePath } from '../../google/bigquery/tables.js';
import { ADMIN_POLICY, withRetry } from '../../google/retry-policy.js';
import { GRPC_STATUS, readGrpcCode } from '../../google/grpc-status.js';
import { featureGroupName, parseResourceId, type VertexPlace } from '../../google/vertex/resource-names.js';
import type { VertexClients } from '../../google/vertex/vertex-clients.js';
import { toAccessError } from './access-error.js';
import { matchSourceTable, type EntityTypeInput, type SourceInput, type WantedSource } from './match-source-table.js';
import { parseTableUri, type ReadTable } from './table-schema.js';

type FeatureView = protos.google.cloud.aiplatform.v1.IFeatureView;
type FeatureGroup = protos.google.cloud.aiplatform.v1.IFeatureGroup;
type Feature = protos.google.cloud.aiplatform.v1.IFeature;

const DEFAULT_ID_COLUMNS = ['entity_id'];

export interface DescribedView {
  readonly name: string;
  /** Undefined when the gateway can use no part of it. */
  readonly entityType: EntityTypeInput | undefined;
  /** Its sync schedule, with its time zone if it has one: without the zone, the expression would mean another hour. */
  readonly schedule: string | null;
  readonly tables: readonly { readonly path: string; readonly location: string }[];
  /** One sentence each. */
  readonly skipped: readonly string[];
}

interface KnownGroup {
  readonly group: FeatureGroup;
  readonly features: readonly Feature[];
}

/** Reads the feature groups behind feature views; it reads a group of several views once. */
export class ViewDescriber {
  readonly #groups = new Map<string, Promise<KnownGroup | undefined>>();

  constructor(
    readonly clients: VertexClients,
    readonly place: VertexPlace,
    readonly readTable: ReadTable,
    /** Whether the online store is on Bigtable: only then does the service serve nulls. */
    readonly isBigtable: boolean,
  ) {}

  async describe(view: FeatureView): Promise<DescribedView> {
    const reading = new ViewReading(view, this);
    const entityType = await reading.entityType();
    const schedule = quoteValue(view.syncConfig?.cron) ?? null;
    return { name: reading.name, entityType, schedule, tables: reading.tables, skipped: reading.skipped };
  }

  /** Undefined when it does not exist. A view may use groups of another project, which it names by number. */
  group(id: string, projectNumber: string): Promise<KnownGroup | undefined> {
    const place = projectNumber === '' ? this.place : { ...this.place, project: projectNumber };
    const name = featureGroupName(place, id);
    let known = this.#groups.get(name);
    if (!known) this.#groups.set(name, (known = this.#readGroup(place, id)));
    return known;
  }

  /**
   * The error concerns the group and its project: a reader of the online store need not have access to that project.
   */
  async #readGroup(place: VertexPlace, id: string): Promise<KnownGroup | undefined> {
    const name = featureGroupName(place, id);
    const registry = await this.clients.featureGroups();
    try {
      const [group] = await withRetry(ADMIN_POLICY, (timeout) => registry.getFeatureGroup({ name }, { timeout }));
      const [features] = await withRetry(ADMIN_POLICY, (timeout) =>
        registry.listFeatures({ parent: name }, { timeout }),
      );
      return { group, features };
    } catch (error) {
      if (readGrpcCode(error) === GRPC_STATUS.NOT_FOUND) return undefined;
      const { project, location } = place;
      throw toAccessError(`feature group "${id}" of project ${project} in ${location}`, project, error);
    }
  }
}

/** The conversion of one view to an entity type. */
class ViewReading {
  readonly name: string;
  readonly tables: { path: string; location: string }[] = [];
  readonly skipped: string[] = [];

  constructor(
    readonly view: FeatureView,
    readonly describer: ViewDescriber,
  ) {
    this.name = parseResourceId(view.name);
  }

  async entityType(): Promise<EntityTypeInput | undefined> {
    const { bigQuerySource, featureRegistrySource } = this.view;
    if (!bigQuerySource && !featureRegistrySource) {
      this.skipped.push(`Feature view ${this.name} is over a RAG corpus: it holds no features.`);
      return undefined;
    }
    const found = bigQuerySource ? await this.#ofTable(bigQuerySource) : await this.#ofGroups();
    if (!found) this.skipped.push(`Feature view ${this.name} has no feature that can be taken over.`);
    return found;
  }

  async #ofTable({
    uri,
    entityIdColumns,
  }: protos.google.cloud.aiplatform.v1.FeatureView.IBigQuerySource): Promise<EntityTypeInput | undefined> {
    const found = await this.#source(uri, {
      featureView: this.name,
      what: `Feature view ${this.name}`,
      entityIdColumns: entityIdColumns ?? [],
      isStatic: false,
      timestampColumn: undefined,
      features: undefined,
    });
    return found && { name: this.name, entityIdColumns: found.entityIdColumns, sources: [found.source] };
  }

  async #ofGroups(): Promise<EntityTypeInput | undefined> {
    const { featureGroups, projectNumber } = this.view.featureRegistrySource ?? {};
    const sources: SourceInput[] = [];
    const idColumns = new Map<string, string[]>();
    const taken = new Set<string>();
    let description = '';
    let isDense = true;
    // A group that a view names twice is one source with the features of both.
    for (const [id, named] of Map.groupBy(featureGroups ?? [], ({ featureGroupId }) => featureGroupId ?? '')) {
      const featureIds = new Set(named.flatMap((group) => group.featureIds ?? []));
      const what = `Feature group ${id} of feature view ${this.name}`;
      const known = await this.describer.group(id, numberText(projectNumber));
      if (!known) {
        this.skipped.push(`${what} is not there.`);
        continue;
      }
      const { bigQuery } = known.group;
      const found = await this.#source(bigQuery?.bigQuerySource?.inputUri, {
        featureView: this.name,
        what,
        entityIdColumns: bigQuery?.entityIdColumns?.length ? bigQuery.entityIdColumns : DEFAULT_ID_COLUMNS,
        isStatic: bigQuery?.staticDataSource ?? false,
        timestampColumn: quoteValue(bigQuery?.timeSeries?.timestampColumn),
        features: wantedFeatures([...featureIds], known.features),
      });
      if (!found) continue;
      const features = found.source.features.filter(({ name }) => !taken.has(name));
      for (const { name } of found.source.features) {
        if (taken.has(name))
          this.skipped.push(`Feature ${this.name}.${name} of ${id}: another group has one of that name.`);
        taken.add(name);
      }
      if (features.length === 0) continue;
      // BigQuery ignores the case of names, so one spelling serves all tables.
      idColumns.set(found.entityIdColumns.join().toLowerCase(), found.entityIdColumns);
      description = [description, known.group.description].filter(Boolean).join(' ');
      isDense &&= bigQuery?.dense ?? false;
      sources.push({ name: id, ...found.source, features });
    }
    if (idColumns.size > 1) {
      this.skipped.push(`Feature view ${this.name} joins feature groups whose entity id columns differ.`);
      return undefined;
    }
    const [entityIdColumns] = idColumns.values();
    return (
      entityIdColumns && {
        name: this.name,
        ...(description === '' ? {} : { description }),
        entityIdColumns,
        // In other cases the service serves the newest non-null values, whatever the feature groups specify.
        ...(isDense && this.describer.isBigtable && this.view.syncConfig?.cron ? { dense: true } : {}),
        sources,
      }
    );
  }

  async #source(uri: string | null | undefined, wanted: WantedSource) {
    const address = parseTableUri(uri ?? '');
    const table = address && (await this.describer.readTable(address));
    if (!table) {
      const fault = address
        ? `its table ${formatTablePath(address)} is not there`
        : `"${uri}" is not the name of a table`;
      this.skipped.push(`${wanted.what}: ${fault}.`);
      return undefined;
    }
    const found = matchSourceTable(wanted, table.schema?.fields ?? [], (sentence) => void this.skipped.push(sentence));
    if (!found) return undefined;
    this.tables.push({ path: formatTablePath(address), location: table.location ?? '' });
    return { ...found, source: { bigQueryTable: formatTablePath(address), ...found.source } };
  }
}

function wantedFeatures(ids: readonly string[], known: readonly Feature[]): WantedSource['features'] {
  const byId = new Map(known.map((feature) => [parseResourceId(feature.name), feature]));
  return ids.map((name) => {
    const feature = byId.get(name);
    return {
      name,
      column: quoteValue(feature?.versionColumnName) ?? name,
      description: quoteValue(feature?.description),
      owner: quoteValue(feature?.pointOfContact),
      labels: feature?.labels ?? {},
    };
  });
}

/** The API returns an unset text as an empty one. */
function quoteValue(text: string | null | undefined): string | undefined {
  return text === null || text === '' ? undefined : text;
}

/** The API returns an unset int64 as 0. */
function numberText(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' ? String(value).replace(/^0$/, '') : '';
}

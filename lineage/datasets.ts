import type { EntityType, Feature, FeatureSource } from '../datasources/registry/model.js';
import type { Model } from '../datasources/registry/prediction-model.js';
import type { DatasetNames } from './dataset-names.js';
import type { Dataset, DatasetName, FacetMaker, Facets } from './open-lineage.js';

/** A column of a schema facet. */
export interface SchemaField {
  readonly name: string;
  readonly type?: string;
  readonly description?: string;
}

/** A column that an output column was made from. */
export interface ColumnOrigin {
  readonly dataset: DatasetName;
  readonly field: string;
}

/** The datasets of the registry and of jobs, with their facets. No facet has a value of a feature. */
export class Datasets {
  constructor(
    readonly names: DatasetNames,
    readonly facets: FacetMaker,
  ) {}

  /** The history of a source with some of its features. */
  source(source: FeatureSource, features: readonly Feature[]): Dataset {
    const { entityType, timestampColumn } = source;
    const ids = entityType.entityIdColumns.map((name) => ({ name, type: 'STRING' }));
    const time = timestampColumn === null ? [] : [{ name: timestampColumn, type: 'TIMESTAMP' }];
    return this.#of(this.names.source(source), {
      ...this.#described(entityType.description),
      ...this.schema([...ids, ...time, ...features.map((feature) => toField(feature, this.column(feature)))]),
      ...this.#tags(features, (feature) => this.column(feature)),
    });
  }

  /** The newest values of an entity type online: each feature is a copy of its column in the source. */
  online(entityType: EntityType, features: readonly Feature[]): Dataset {
    const ids = entityType.entityIdColumns.map((name) => ({ name, type: 'STRING' }));
    return this.#of(this.names.online(entityType), {
      ...this.#described(entityType.description),
      ...this.schema([...ids, ...features.map((feature) => toField(feature, feature.name))]),
      ...this.columnLineage(new Map(features.map((feature) => [feature.name, this.origin(feature)]))),
      ...this.#tags(features, ({ name }) => name),
    });
  }

  model({ name, description, inputs }: Model): Dataset {
    return this.#of(this.names.model(name), {
      ...this.#described(description),
      datasetType: this.facets.make('DatasetTypeDatasetFacet', { datasetType: 'MODEL' }),
      ...this.schema(inputs.map((input) => ({ name: input.name, type: input.valueType }))),
    });
  }

  /** A file or table of a job. */
  plain(name: DatasetName, facets: Facets = {}): Dataset {
    return this.#of(name, facets);
  }

  schema(fields: readonly SchemaField[]): Facets {
    return fields.length === 0 ? {} : { schema: this.facets.make('SchemaDatasetFacet', { fields }) };
  }

  /** Columns that are copies: exactly one column is the origin of each. `rows` decide which value a row gets. */
  columnLineage(copies: ReadonlyMap<string, ColumnOrigin>, rows: readonly ColumnOrigin[] = []): Facets {
    if (copies.size === 0) return {};
    const toInput = ({ dataset: { namespace, name }, field }: ColumnOrigin, transformation: object) => ({
      namespace,
      name,
      field,
      transformations: [transformation],
    });
    const fields = Object.fromEntries(
      Array.from(copies, ([column, origin]) => [
        column,
        { inputFields: [toInput(origin, { type: 'DIRECT', subtype: 'IDENTITY' })] },
      ]),
    );
    const dataset = rows.map((origin) => toInput(origin, { type: 'INDIRECT', subtype: 'JOIN' }));
    return {
      columnLineage: this.facets.make('ColumnLineageDatasetFacet', {
        fields,
        ...(dataset.length === 0 ? {} : { dataset }),
      }),
    };
  }

  /** The column of a feature in the table of its source. */
  column({ source, column, name }: Feature): string {
    return source.entityType.featurestore.offlineSettings.kind === 'BIGQUERY' ? column : name;
  }

  origin(feature: Feature): ColumnOrigin {
    return { dataset: this.names.source(feature.source), field: this.column(feature) };
  }

  #of(name: DatasetName, facets: Facets): Dataset {
    const { namespace } = name;
    const dataSource = this.facets.make('DatasourceDatasetFacet', { name: namespace, uri: toUri(namespace) });
    return { namespace, name: name.name, facets: { dataSource, ...facets } };
  }

  #described(description: string | null): Facets {
    return description === null
      ? {}
      : { documentation: this.facets.make('DocumentationDatasetFacet', { description }) };
  }

  /** The sensitivity of each feature, for catalogues that keep personal data apart. */
  #tags(features: readonly Feature[], columnOf: (feature: Feature) => string): Facets {
    if (features.length === 0) return {};
    const tags = features.map((feature) => ({
      key: 'sensitivity',
      value: feature.sensitivity,
      source: 'REGISTRY',
      field: columnOf(feature),
    }));
    return { tags: this.facets.make('TagsDatasetFacet', { tags }) };
  }
}

function toField({ valueType, description }: Feature, name: string): SchemaField {
  return { name, type: valueType, ...(description === null ? {} : { description }) };
}

/** The address of a data source. The namespaces of files and BigQuery are schemes alone; that of the gateway is a plain name. */
function toUri(namespace: string): string {
  if (namespace.includes('://')) return namespace;
  const known = KNOWN_URIS.get(namespace);
  return known ?? `featuregraph:${encodeURIComponent(namespace)}`;
}

const KNOWN_URIS = new Map([
  ['file', 'file:///'],
  ['bigquery', 'https://bigquery.googleapis.com/'],
]);

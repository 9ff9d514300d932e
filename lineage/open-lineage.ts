/**
 * Run events of OpenLineage, as far as the gateway sends them (docs/lineage.md). The names and versions are those of the
 * specification: core 2-0-2, and each facet in a version of its own.
 */
export interface RunEvent {
  readonly eventType: RunEventType;
  /** RFC 3339, UTC. */
  readonly eventTime: string;
  readonly run: { readonly runId: string; readonly facets: Facets };
  readonly job: { readonly namespace: string; readonly name: string; readonly facets: Facets };
  readonly inputs: readonly Dataset[];
  readonly outputs: readonly Dataset[];
  readonly producer: string;
  readonly schemaURL: string;
}

/** A run has one START and one of the others. */
export const RUN_EVENT_TYPES = ['START', 'COMPLETE', 'FAIL', 'ABORT'] as const;
export type RunEventType = (typeof RUN_EVENT_TYPES)[number];

export interface DatasetName {
  /** The system that has the dataset. */
  readonly namespace: string;
  /** Unique in the namespace. */
  readonly name: string;
}

export interface Dataset extends DatasetName {
  readonly facets: Facets;
  readonly outputFacets?: Facets;
}

export type Facets = Readonly<Record<string, object>>;

export const RUN_EVENT_SCHEMA = 'https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent';

/** The versions of the facets that the gateway sends. */
const FACET_VERSIONS = {
  ColumnLineageDatasetFacet: '1-2-0',
  DatasetTypeDatasetFacet: '1-0-1',
  DatasourceDatasetFacet: '1-0-1',
  DocumentationDatasetFacet: '1-1-0',
  DocumentationJobFacet: '1-1-0',
  ErrorMessageRunFacet: '1-0-1',
  JobTypeJobFacet: '2-0-4',
  OutputStatisticsOutputDatasetFacet: '1-0-2',
  ProcessingEngineRunFacet: '1-1-1',
  SchemaDatasetFacet: '1-2-0',
  TagsDatasetFacet: '1-0-0',
} as const;

export type FacetType = keyof typeof FACET_VERSIONS;

/** Makes the facets of one producer: the URI of the program that sends the events. */
export class FacetMaker {
  constructor(readonly producer: string) {}

  make(type: FacetType, content: object): object {
    const _schemaURL = `https://openlineage.io/spec/facets/${FACET_VERSIONS[type]}/${type}.json#/$defs/${type}`;
    return { _producer: this.producer, _schemaURL, ...content };
  }
}

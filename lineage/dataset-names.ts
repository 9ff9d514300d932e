import { join } from 'node:path';
import type { EntityType, FeatureSource } from '../datasources/registry/model.js';
import type { DatasetName } from './open-lineage.js';

export interface DatasetPlaces {
  /** The namespace of what only the gateway has: embedded tables, online stores and models. */
  readonly namespace: string;
  /** The folder for files of the data folder. */
  readonly filesFolder: string;
  /** The folder in Cloud Storage that several gateways share; null: files are in `filesFolder`. */
  readonly sharedFiles: { readonly bucket: string; readonly folder: string } | null;
  /** The table of a source in BigQuery; null for a source of another store. */
  readonly findTable: (source: FeatureSource) => BigQueryTableName | null;
}

export interface BigQueryTableName {
  readonly project: string;
  readonly dataset: string;
  readonly table: string;
}

const CLOUD_STORAGE = /^gs:\/\/([^/]+)\/*(.*)$/;

/** The names of datasets, by the naming rules of OpenLineage: one name for one place, whichever job names it. */
export class DatasetNames {
  constructor(private readonly places: DatasetPlaces) {}

  /** The history of a source in the offline store. */
  source(source: FeatureSource): DatasetName {
    const table = this.places.findTable(source);
    if (table) return bigQuery(`${table.project}.${table.dataset}.${table.table}`);
    return this.#own(`${placeOf(source.entityType)}.${source.name}`);
  }

  /** The newest values of an entity type in the online store. */
  online(entityType: EntityType): DatasetName {
    return this.#own(`online/${placeOf(entityType)}`);
  }

  model(name: string): DatasetName {
    return this.#own(`models/${name}`);
  }

  /** A table of the embedded offline store, as jobs name it. */
  table(name: string): DatasetName {
    return this.#own(name.includes('.') ? name : `tables.${name}`);
  }

  /** A table of BigQuery, `project.dataset.table`, with or without the scheme of Vertex AI. */
  bigQuery(name: string): DatasetName {
    return bigQuery(name.replace(/^bq:\/\//, ''));
  }

  /** A file, a folder or a pattern that a job names. */
  file(name: string): DatasetName {
    const found = CLOUD_STORAGE.exec(name);
    if (found) return { namespace: `gs://${found[1]}`, name: found[2] === '' ? '/' : found[2]! };
    const { sharedFiles, filesFolder } = this.places;
    if (!sharedFiles) return { namespace: 'file', name: join(filesFolder, name) };
    return { namespace: `gs://${sharedFiles.bucket}`, name: [sharedFiles.folder, name].filter(Boolean).join('/') };
  }

  /** A file that the registry names, by its absolute path. */
  registryFile(path: string): DatasetName {
    return CLOUD_STORAGE.test(path) ? this.file(path) : { namespace: 'file', name: path };
  }

  #own(name: string): DatasetName {
    return { namespace: this.places.namespace, name };
  }
}

function bigQuery(name: string): DatasetName {
  return { namespace: 'bigquery', name };
}

function placeOf({ featurestore, name }: EntityType): string {
  return `${featurestore.name}.${name}`;
}

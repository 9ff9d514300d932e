import type { Diagnosis, Finding } from '../datasources/diagnosis.js';
import type { Registry } from '../datasources/registry/registry.js';
import type { VertexFeaturestore } from '../datasources/registry/vertex/read-vertex-featurestore.js';
import type { FeaturestoreDocument } from '../datasources/registry/document/document.js';
import { readRegistryFile, buildRegistry, type RegistryFile } from '../datasources/registry/yaml/load-registry.js';
import {
  vertexFeaturestoreName,
  type VertexFeaturestoreDocument,
} from '../datasources/registry/document/vertex-featurestore-document.js';
import { OperatorError } from '../errors/operator-error.js';
import type { GoogleClientOptions } from './google-clients.js';
import { requireShareable } from './several-gateways.js';

export interface OpenRegistry {
  readonly registry: Registry;
  /** The parts of Vertex AI that the registry omits, one sentence each, by featurestore. */
  readonly skipped: ReadonlyMap<string, readonly string[]>;
}

/** The registry of a file, with its featurestores from Vertex AI. Reports all faults at once. */
/** `isShared`: several gateways serve it, so all its values must be in stores that they share. */
export async function openSharedRegistry(
  path: string,
  google: GoogleClientOptions | undefined,
  isShared: boolean,
): Promise<OpenRegistry> {
  const opened = await openRegistry(path, google);
  if (isShared) requireShareable(opened.registry);
  return opened;
}

export async function openRegistry(path: string, google: GoogleClientOptions = {}): Promise<OpenRegistry> {
  const file = await readRegistryFile(path);
  const readings = await readFromVertex(file, google);
  const faults = readings.flatMap(({ found }) => (found instanceof OperatorError ? [found] : []));
  const [fault, ...others] = faults;
  if (fault && others.length === 0) throw fault;
  if (fault) {
    const lines = faults.flatMap(({ summary, faults: details }) => [summary, ...details]);
    throw new OperatorError(`The registry ${path} names what cannot be read:`, lines);
  }
  const read = readings.flatMap(({ name, found }) => (found instanceof OperatorError ? [] : [{ name, found }]));
  return {
    registry: buildRegistry(
      file,
      read.map(({ found }) => found.document),
    ),
    skipped: new Map(read.map(({ name, found }) => [name, found.leftOut])),
  };
}

/** For doctor: the readable part of the registry, and findings for the rest. */
export async function diagnoseRegistry(
  path: string,
  google: GoogleClientOptions = {},
): Promise<{ readonly registry: Registry; readonly diagnoses: readonly Diagnosis[] }> {
  const file = await readRegistryFile(path);
  const readings = await readFromVertex(file, google);
  return {
    registry: buildRegistry(
      file,
      readings.flatMap(({ found }) => (found instanceof OperatorError ? [] : [found.document])),
    ),
    diagnoses: readings.map(({ name, found }) => ({
      store: `featurestore ${name}, read from Vertex AI`,
      findings: toFindings(found),
    })),
  };
}

/**
 * One featurestore in the form of a file; `featuregraph registry from-vertex` prints it. It omits objects without a
 * valid name in the typed schema, where the names of the featurestores in `beside` take precedence.
 */
export async function readFeaturestoreFromVertex(
  entry: VertexFeaturestoreDocument,
  { vertex, bigquery }: GoogleClientOptions = {},
  beside: readonly FeaturestoreDocument[] = [],
): Promise<VertexFeaturestore> {
  // Google's clients are large: they are not loaded for a registry without such featurestores.
  const [
    { VertexClients },
    { openBigQueryClient },
    { readVertexFeaturestore },
    { tableReader },
    { dropNameClashes: withoutNameClashes },
  ] = await Promise.all([
    import('../datasources/google/vertex/vertex-clients.js'),
    import('../datasources/google/bigquery/client.js'),
    import('../datasources/registry/vertex/read-vertex-featurestore.js'),
    import('../datasources/registry/vertex/table-schema.js'),
    import('./drop-name-clashes.js'),
  ]);
  const clients = new VertexClients(entry.location, vertex);
  try {
    const bigQuery = await openBigQueryClient({ project: entry.project }, bigquery);
    return withoutNameClashes(await readVertexFeaturestore(entry, clients, tableReader(bigQuery)), beside);
  } finally {
    await clients.close();
  }
}

interface Reading {
  readonly name: string;
  readonly found: VertexFeaturestore | OperatorError;
}

async function readFromVertex({ document }: RegistryFile, google: GoogleClientOptions): Promise<Reading[]> {
  const readings: Reading[] = [];
  // Runs sequentially: the featurestores are few and share the quotas of their projects.
  for (const entry of document.vertexFeaturestores) {
    const read = readings.flatMap(({ found }) => (found instanceof OperatorError ? [] : [found.document]));
    const found = await readFeaturestoreFromVertex(entry, google, [...document.featurestores, ...read]).catch(
      (error: unknown) => {
        if (error instanceof OperatorError) return error;
        throw error;
      },
    );
    readings.push({ name: vertexFeaturestoreName(entry), found });
  }
  return readings;
}

async function* toFindings(found: Reading['found']): AsyncGenerator<Finding> {
  if (found instanceof OperatorError) {
    const todo = found.faults.join(' ');
    yield { status: 'fault', message: found.summary, ...(todo === '' ? {} : { remedy: todo }) };
    return;
  }
  const features = found.document.entityTypes.flatMap(({ sources }) => sources.flatMap((source) => source.features));
  yield { status: 'ok', message: `${found.document.entityTypes.length} entity types with ${features.length} features` };
  for (const what of found.leftOut) yield { status: 'warning', message: what };
}

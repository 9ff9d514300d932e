import { createServer, type Server } from 'node:http';
import type { LmdbOnlineStore } from '../../datasources/online/lmdb/lmdb-online-store.js';
import type { EntityType, Feature } from '../../datasources/registry/model.js';
import { toClientValue } from '../../values/client-value.js';
import { systemClock } from '../../values/clock.js';
import type { FeatureCell } from '../../values/feature-cell.js';
import { formatInstant } from '../../values/instant.js';
import { featureNames } from './workloads.js';

interface Body {
  readonly query: string;
  readonly variables: { readonly ids: readonly string[]; readonly names?: readonly string[] };
}

/** Reads the same rows and writes the same bytes with JSON.stringify, with no GraphQL and no check: the limit. */
export function rawServer(store: LmdbOnlineStore, entityType: EntityType): Server {
  return createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { query, variables } = JSON.parse(Buffer.concat(chunks).toString()) as Body;
      const { ids, names = featureNames(10) } = variables;
      const features = names.map((name) => entityType.features.find((feature) => feature.name === name)!);
      void store.read({ entityType, entityIds: ids, features, now: systemClock() }).then((rows) => {
        response.setHeader('content-type', 'application/json; charset=utf-8');
        response.end(JSON.stringify({ data: toData(query, ids, names, features, rows) }));
      });
    });
  });
}

function toData(
  query: string,
  ids: readonly string[],
  names: readonly string[],
  features: readonly Feature[],
  rows: readonly (readonly FeatureCell[])[],
): object {
  const valueAt = ({ value }: FeatureCell, index: number): unknown =>
    value === null ? null : toClientValue(features[index]!.valueType, value);
  const time = ({ timestamp }: FeatureCell): string | null => (timestamp === null ? null : formatInstant(timestamp));
  if (query.includes('featureMatrix')) {
    const values = rows.map((row) => row.map(valueAt));
    const timestamps = rows.map((row) => row.map(time));
    const statuses = rows.map((row) => row.map(({ status }) => status));
    return { featureMatrix: { entityIds: ids, names, values, timestamps, statuses } };
  }
  if (query.includes('things')) {
    const things = rows.map((row, at) => {
      const thing: Record<string, unknown> = { entityId: ids[at] };
      for (const [index, cell] of row.entries()) thing[names[index]!] = valueAt(cell, index);
      return thing;
    });
    return { bench: { things } };
  }
  const entities = rows.map((row, at) => ({
    entityId: ids[at],
    features: row.map((cell, index) => ({
      name: names[index],
      value: valueAt(cell, index),
      status: cell.status,
      timestamp: time(cell),
    })),
  }));
  return { entities };
}

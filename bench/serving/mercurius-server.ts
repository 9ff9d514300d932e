import type { Server } from 'node:http';
import DataLoader from 'dataloader';
import fastify from 'fastify';
import { GraphQLScalarType } from 'graphql';
import mercurius from 'mercurius';
import type { LmdbOnlineStore } from '../../datasources/online/lmdb/lmdb-online-store.js';
import type { EntityType, Feature } from '../../datasources/registry/model.js';
import { toClientValue } from '../../values/client-value.js';
import { systemClock } from '../../values/clock.js';
import type { FeatureCell } from '../../values/feature-cell.js';
import { formatInstant } from '../../values/instant.js';

const SCALARS = { BOOL: 'Boolean', DOUBLE: 'Float', INT64: 'BigInt', STRING: 'String' } as const;

type Row = ReadonlyMap<Feature, FeatureCell>;

interface Context {
  readonly wanted: Set<Feature>;
  readonly rows: DataLoader<string, Row>;
}

/** The same fields as the gateway has, as a good engineer writes them for mercurius: compiled, with one read for a tick. */
export async function mercuriusServer(store: LmdbOnlineStore, entityType: EntityType): Promise<Server> {
  const byName = new Map(entityType.features.map((feature) => [feature.name, feature]));
  const load = ({ wanted, rows }: Context, entityId: string, features: readonly Feature[]): Promise<Row> => {
    for (const feature of features) wanted.add(feature);
    return rows.load(entityId);
  };
  const clientValue = (feature: Feature, { value }: FeatureCell): unknown =>
    value === null ? null : toClientValue(feature.valueType, value);
  const time = ({ timestamp }: FeatureCell): string | null => (timestamp === null ? null : formatInstant(timestamp));
  const asIs = (name: string): GraphQLScalarType => new GraphQLScalarType({ name, serialize: (value) => value });

  const app = fastify();
  await app.register(
    mercurius as never,
    {
      jit: 1,
      schema: `
      scalar FeatureScalar
      scalar DateTime
      scalar BigInt
      type Query {
        entities(featurestore: String!, entityType: String!, entityIds: [ID!]!): [Thing!]!
        featureMatrix(featurestore: String!, entityType: String!, entityIds: [ID!]!, names: [String!]!): FeatureMatrix!
        bench: Bench!
      }
      type Bench { things(entityIds: [ID!]!): [Thing!]! }
      type Thing {
        entityId: ID!
        features(names: [String!]): [FeatureValue!]!
        ${entityType.features.map(({ name, valueType }) => `${name}: ${SCALARS[valueType as keyof typeof SCALARS]}`).join('\n')}
      }
      enum Status { PRESENT NULL NOT_FOUND EXPIRED DENIED }
      type FeatureValue { name: String!, value: FeatureScalar, status: Status!, timestamp: DateTime }
      type FeatureMatrix {
        entityIds: [ID!]!, names: [String!]!, values: [[FeatureScalar]!]!, timestamps: [[DateTime]!]!, statuses: [[Status!]!]!
      }`,
      context: (): Context => {
        const wanted = new Set<Feature>();
        const rows = new DataLoader<string, Row>(
          async (entityIds) => {
            const features = [...wanted];
            const cells = await store.read({ entityType, entityIds, features, now: systemClock() });
            return cells.map((row) => new Map(features.map((feature, index) => [feature, row[index]!])));
          },
          { cache: false },
        );
        return { wanted, rows };
      },
      resolvers: {
        FeatureScalar: asIs('FeatureScalar'),
        DateTime: asIs('DateTime'),
        BigInt: asIs('BigInt'),
        Query: {
          entities: (_: unknown, { entityIds }: { entityIds: string[] }) => entityIds.map((entityId) => ({ entityId })),
          bench: () => ({}),
          featureMatrix: async (_: unknown, { entityIds, names }: { entityIds: string[]; names: string[] }) => {
            const features = names.map((name) => byName.get(name)!);
            const rows = await store.read({ entityType, entityIds, features, now: systemClock() });
            return {
              entityIds,
              names,
              values: rows.map((row) => row.map((cell, index) => clientValue(features[index]!, cell))),
              timestamps: rows.map((row) => row.map(time)),
              statuses: rows.map((row) => row.map(({ status }) => status)),
            };
          },
        },
        Bench: {
          things: (_: unknown, { entityIds }: { entityIds: string[] }) => entityIds.map((entityId) => ({ entityId })),
        },
        Thing: {
          features: async ({ entityId }: { entityId: string }, { names }: { names: string[] }, context: Context) => {
            const features = names.map((name) => byName.get(name)!);
            const row = await load(context, entityId, features);
            return features.map((feature) => {
              const cell = row.get(feature)!;
              return {
                name: feature.name,
                value: clientValue(feature, cell),
                status: cell.status,
                timestamp: time(cell),
              };
            });
          },
          ...Object.fromEntries(
            entityType.features.map((feature) => [
              feature.name,
              ({ entityId }: { entityId: string }, _: unknown, context: Context) =>
                load(context, entityId, [feature]).then((row) => clientValue(feature, row.get(feature)!)),
            ]),
          ),
        },
      },
    } as never,
  );
  await app.ready();
  return app.server;
}

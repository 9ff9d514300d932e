import { ApolloServer } from '@apollo/server';
import { startStandaloneServer } from '@apollo/server/standalone';
import { ApolloServerPluginInlineTraceDisabled } from '@apollo/server/plugin/disabled';
import { buildSubgraphSchema } from '@apollo/subgraph';
import { composeServices } from '@theguild/federation-composition';
import { parse } from 'graphql';
import { startHiveGateway } from './hive-gateway.mjs';
import type { TestGateway } from './test-gateway.js';

/** A subgraph of another team: it extends the customers of the shop, and refers to them. */
const LOYALTY = parse(/* GraphQL */ `
  extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key", "@external", "@requires"])

  type ShopCustomer @key(fields: "entityId") {
    entityId: ID!
    meanBasket: Float @external
    points: Int!
    discount: Float @requires(fields: "meanBasket")
  }

  type Query {
    members(ids: [ID!]!): [ShopCustomer!]!
  }
`);

interface Member {
  readonly entityId: string;
  readonly meanBasket?: number | null;
}

interface SentOperation {
  readonly query: string;
}

export interface FederatedGraph {
  /** The requests that the router sent to the gateway, as their bodies. */
  readonly sent: readonly SentOperation[];
  ask(query: string): Promise<any>;
  close(): Promise<void>;
}

/** Hive Gateway in front of a gateway of featuregraph and a second subgraph. */
export async function startFederatedGraph(gateway: TestGateway): Promise<FederatedGraph> {
  const { data } = await gateway.ask('{ _service { sdl } }');
  const apollo = new ApolloServer({
    plugins: [ApolloServerPluginInlineTraceDisabled()],
    schema: buildSubgraphSchema([
      {
        typeDefs: LOYALTY,
        resolvers: {
          Query: {
            members: (_: unknown, { ids }: { ids: string[] }): Member[] => ids.map((entityId) => ({ entityId })),
          },
          ShopCustomer: {
            __resolveReference: (member: Member) => member,
            points: ({ entityId }: Member) => entityId.length * 100,
            discount: ({ meanBasket }: Member) => (meanBasket == null ? null : meanBasket / 10),
          },
        },
      },
    ]),
  });
  const { url } = await startStandaloneServer(apollo, { listen: { host: '127.0.0.1', port: 0 } });
  const composed = composeServices([
    { name: 'featuregraph', typeDefs: parse(data._service.sdl), url: gateway.url },
    { name: 'loyalty', typeDefs: LOYALTY, url },
  ]);
  if (!composed.supergraphSdl) throw new Error(composed.errors?.map(({ message }) => message).join('\n'));
  const sent: SentOperation[] = [];
  const router = startHiveGateway(composed.supergraphSdl, (to, body) => {
    if (to === gateway.url && typeof body === 'string') sent.push(JSON.parse(body) as SentOperation);
  });
  return {
    sent,
    ask: (query) => router.ask(query),
    close: async () => {
      await router.close();
      await apollo.stop();
    },
  };
}

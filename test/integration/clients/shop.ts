import { isAbstractType, type GraphQLSchema } from 'graphql';
import { vi } from 'vitest';
import { findSource, row, smallRegistry } from '../../support/small-registry.js';
import { startTestGateway, type TestGateway, type TestGatewayOptions } from '../../support/test-gateway.js';

/** Digits that a JavaScript number cannot hold. */
export const MANY_ORDERS = 9_007_199_254_740_993n;
export const CUSTOMERS = Array.from({ length: 10 }, (_, index) => `c${index}`);

/** A gateway that clients talk to over HTTP. Ten customers have orders, with times in microseconds. */
export async function startShop(options: TestGatewayOptions = {}): Promise<TestGateway> {
  const gateway = await startTestGateway(smallRegistry(), options);
  await gateway.write(
    findSource(gateway, 'shop', 'customer'),
    CUSTOMERS.map((customer, index) =>
      row(customer, -10.000001, { orders_7d: MANY_ORDERS + BigInt(index), mean_basket: index / 2 }),
    ),
  );
  return gateway;
}

/** As @graphql-codegen/fragment-matcher writes them for the schema of a gateway. */
export function possibleTypesOf(schema: GraphQLSchema): Record<string, string[]> {
  const abstract = Object.values(schema.getTypeMap()).filter((type) => isAbstractType(type));
  return Object.fromEntries(
    abstract.map((type) => [type.name, schema.getPossibleTypes(type).map(({ name }) => name)] as const),
  );
}

export interface SentRequest {
  readonly method: string;
  readonly url: string;
  readonly body: string | undefined;
}

/** Records what clients send; the requests go out as they are. */
export function recordRequests(): SentRequest[] {
  const sent: SentRequest[] = [];
  const send = globalThis.fetch;
  vi.spyOn(globalThis, 'fetch').mockImplementation((input, init) => {
    const body = typeof init?.body === 'string' ? init.body : undefined;
    sent.push({ method: init?.method ?? 'GET', url: input instanceof Request ? input.url : String(input), body });
    return send(input, init);
  });
  return sent;
}

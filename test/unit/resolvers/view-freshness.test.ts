import 'reflect-metadata';
import { expect, it } from 'vitest';
import { parsePolicy } from '../../../auth/policy/load-policy.js';
import { Policy } from '../../../auth/policy/policy.js';
import type { RequestContext } from '../../../resolvers/context.js';
import { SyncsOfFeatureViewResolver } from '../../../resolvers/feature-view-sync.resolver.js';
import { testPrincipal } from '../../support/principals.js';
import { testRegistry } from '../../support/test-registry.js';

const NOW = 1_000_000_000_000_000n;
const SECOND = 1_000_000n;

const registry = testRegistry({
  name: 'shop',
  entityTypes: [
    {
      name: 'customer',
      sources: [{ sql: 'SELECT 1', features: [{ name: 'orders', valueType: 'INT64' }] }],
    },
  ],
  featureViews: [{ name: 'basket', entityType: 'customer', features: ['orders'] }],
});
const view = registry.featurestore('shop').featureViews[0]!;

/** Values are served up to 5 s ago; the newest row of the source, of any entity, is 9 s old. */
function freshness(ids: string, isBehind: boolean): Promise<number | null> {
  const rule = ` - { name: a, who: EVERYONE, allow: [READ], entityTypes: ['*']${ids} }`;
  const context: Partial<Record<keyof RequestContext, unknown>> = {
    now: NOW,
    access: new Policy(parsePolicy(`rules:\n${rule}`, registry)).accessOf(testPrincipal('user:ann')),
    featureViewSyncs: { dataWatermark: () => Promise.resolve(NOW - 5n * SECOND) },
    sourceRefreshes: { freshness: () => Promise.resolve({ isBehind, newestKnownTimestamp: NOW - 9n * SECOND }) },
  };
  return new SyncsOfFeatureViewResolver().freshnessSeconds(view, context as unknown as RequestContext);
}

it.each([
  ['of all entities', '', true, 9],
  ['of all entities', '', false, 5],
  ['of its own entities', ", entityIds: ['acme:*']", false, 5],
  // The newest row can be one of another tenant.
  ['of its own entities', ", entityIds: ['acme:*']", true, null],
])('a client %s (%s) sees, where the source is behind: %s, freshness %s', async (_who, ids, isBehind, seconds) => {
  expect(await freshness(ids, isBehind)).toBe(seconds);
});

import 'reflect-metadata';
import { describe, expect, it } from 'vitest';
import { ACTIONS } from '../../../../auth/policy/actions.js';
import { explain } from '../../../../auth/policy/explain.js';
import { parsePolicy } from '../../../../auth/policy/load-policy.js';
import { policyJsonSchema } from '../../../../auth/policy/policy-document.js';
import { getFeature } from '../../../../datasources/registry/registry.js';
import type { OperatorError } from '../../../../errors/operator-error.js';
import { PolicyActionEnum } from '../../../../schema/viewer/permission.js';
import { testPrincipal } from '../../../support/principals.js';
import { smallRegistry } from '../../../support/small-registry.js';

const registry = smallRegistry();

function faultsOf(text: string): readonly string[] {
  try {
    parsePolicy(text, registry);
    return [];
  } catch (error) {
    return (error as OperatorError).faults;
  }
}

const rule = (text: string): string => `rules:\n  - name: a\n    who: EVERYONE\n    ${text}\n`;

describe('a policy file', () => {
  it.each<[string, string, RegExp]>([
    [
      'an unknown feature',
      rule('allow: [READ]\n    features: [orders_8d]'),
      /^line 5, column 16: rules\[0\]\.features\[0\]: there is no feature "orders_8d"/,
    ],
    [
      'a feature of another entity type',
      rule('allow: [READ]\n    entityTypes: [visit]\n    features: [city]'),
      /line 6.*no feature "city"/,
    ],
    ['an unknown entity type', rule('allow: [READ]\n    entityTypes: [custmer]'), /line 5.*no entity type "custmer"/],
    ['an unknown featurestore', rule('allow: [READ]\n    featurestores: [shp]'), /line 5.*no featurestore "shp"/],
    ['an unknown model', rule('allow: [BATCH_PREDICTION]\n    models: [churn]'), /line 5.*no model "churn"/],
    ['a misspelled key', rule('allow: [READ]\n    feature: [city]'), /line 5, column 5.*Did you mean "features"\?/],
    ['an unknown action', rule('allow: [REED]'), /line 4/],
    ['nobody', 'rules:\n  - name: a\n    who: {}\n    allow: [READ]\n', /names no principal/],
    [
      'a scope that an action does not have',
      rule('allow: [READ, DELETE]\n    features: [city]'),
      /line 5.*DELETE has no "features"/,
    ],
    ['both allow and deny', rule('allow: [READ]\n    deny: [WRITE]'), /not both/],
    ['neither allow nor deny', rule('features: [city]'), /"allow" or "deny"/],
    ['an unknown placeholder', rule("allow: [READ]\n    entityIds: ['{tenant}:*']"), /"\{tenant\}" is unknown/],
    [
      'a pattern with other parts than the ids',
      rule("allow: [READ]\n    entityTypes: [visit]\n    entityIds: ['a,b,c']"),
      /3 parts, and an id of "visit" has 2/,
    ],
    ['a path that leaves the folder', rule("allow: [READ_FILE]\n    files: ['labels/../*']"), /no \. or \.\./],
    ['another wildcard', rule("allow: [READ_FILE]\n    files: ['labels/?.csv']"), /only wildcard is \*/],
    ['a table that is denied', rule('deny: [READ_TABLE]\n    tables: [secret]'), /has no "tables"/],
    ['a name twice', `${rule('allow: [READ]')}  - { name: a, who: EVERYONE, allow: [WRITE] }\n`, /line 5.*named twice/],
    ['text that is not YAML', 'rules: [', /^line 1/],
  ])('with %s is refused, with its place', (_what, text, fault) => {
    const faults = faultsOf(text);
    expect(faults.join('\n')).toMatch(fault);
    expect(faults.every((line) => line.startsWith('line '))).toBe(true);
  });

  it('may have patterns that match nothing yet', () => {
    expect(faultsOf(rule("allow: [READ]\n    features: ['future_*']"))).toEqual([]);
  });

  it('has a JSON Schema for editors', () => {
    expect(JSON.stringify(policyJsonSchema())).toContain('"maxCostUsd"');
  });

  it('has the actions of the schema', () => {
    expect(Object.keys(PolicyActionEnum)).toEqual(Object.keys(ACTIONS));
  });
});

describe('an explanation', () => {
  const document = parsePolicy(
    `rules:
  - { name: analysts, who: { groups: [analysts] }, allow: [READ], sensitivity: [INTERNAL] }
  - { name: tenants, who: EVERYONE, allow: [READ], entityIds: ['{claims.tenant}:*'] }
  - { name: no birthdays, who: { kinds: [USER] }, deny: [READ], features: [born] }
`,
    registry,
  );
  const ask = (feature: string, entityId: string | null, groups: string[] = []) =>
    explain(document, {
      principal: testPrincipal('user:ann', { groups, claims: { tenant: 'acme' } }),
      action: 'READ',
      feature: getFeature(registry.entityType('shop', 'customer'), feature),
      entityId,
    });

  it.each<[string, string | null, string[], string]>([
    ['city', null, ['analysts'], 'ALLOWED'],
    ['city', null, [], 'SOME'],
    ['city', 'acme:1', [], 'ALLOWED'],
    ['city', 'beta:1', [], 'DENIED'],
    ['born', 'acme:1', ['analysts'], 'DENIED'],
  ])('of %s of entity %s for groups %j', (feature, entityId, groups, decision) => {
    expect(ask(feature, entityId, groups).decision).toBe(decision);
  });

  it('says of each rule whether it counts and why', () => {
    expect(ask('born', 'acme:1').rules).toEqual([
      { name: 'analysts', effect: 'allows', reason: 'does not count: it is about others' },
      { name: 'tenants', effect: 'allows', reason: 'counts: the id is like {claims.tenant}:*' },
      { name: 'no birthdays', effect: 'denies', reason: 'counts' },
    ]);
  });
});

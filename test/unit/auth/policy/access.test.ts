import { describe, expect, it } from 'vitest';
import { parsePolicy } from '../../../../auth/policy/load-policy.js';
import { Policy } from '../../../../auth/policy/policy.js';
import type { EntityType } from '../../../../datasources/registry/model.js';
import { getFeature, type Registry } from '../../../../datasources/registry/registry.js';
import { testPrincipal, type TestPrincipal } from '../../../support/principals.js';
import { smallRegistry } from '../../../support/small-registry.js';
import { testRegistry } from '../../../support/test-registry.js';

const registry = smallRegistry();
const customer = registry.entityType('shop', 'customer');
const visit = registry.entityType('shop', 'visit');

const accessOf = (rules: string, name = 'user:ann', principal: TestPrincipal = {}) =>
  new Policy(parsePolicy(`rules:\n${rules}`, registry)).accessOf(testPrincipal(name, principal));

const readable = (rules: string, id = 'c1', principal: TestPrincipal = {}): string[] =>
  [...accessOf(rules, 'user:ann', principal).reads(customer).ofEntity(id)].map(({ name }) => name);

describe('a policy', () => {
  it('that has no rule for something denies it', () => {
    const access = accessOf(' - { name: a, who: EVERYONE, allow: [WRITE] }');
    expect(access.reads(customer).anywhere.size).toBe(0);
    expect(access.mayDelete(customer, 'c1')).toBe(false);
    expect(access.jobOf('TRAINING_SET', customer)).toEqual({ isAllowed: false });
    expect(access.batchPrediction('churn')).toEqual({ isAllowed: false });
    expect(access.mayUseFile('READ_FILE', 'a.csv')).toBe(false);
    expect(access.mayUseTable('READ_TABLE', 'a')).toBe(false);
    expect(access.mayApplyRegistry()).toBe(false);
    expect(access.maySeeJobOf(null)).toBe(false);
    expect(access.maySeeJobOf('user:bob')).toBe(false);
    expect(access.maySeeJobOf('user:ann')).toBe(true);
  });

  it('that is not configured allows everything', () => {
    const access = new Policy().accessOf(testPrincipal('user:ann'));
    expect(access.reads(customer).isFull).toBe(true);
    expect(access.maySeeJobOf('user:bob')).toBe(true);
    expect(access.jobOf('TRAINING_SET', customer)).toEqual({ isAllowed: true, maxCostUsd: null });
  });

  it.each<[string, string, string[]]>([
    ['names', 'features: [orders_7d]', ['orders_7d']],
    ['a wildcard', "features: ['*_7d', 'c*y']", ['orders_7d', 'city']],
    ['sensitivity', 'sensitivity: [PERSONAL]', ['born']],
    ['an entity type', "entityTypes: ['vis*']", []],
    ['a featurestore', 'featurestores: [lab]', []],
    ['both a name and a sensitivity', "features: ['*'], sensitivity: [INTERNAL]", ['orders_7d', 'mean_basket', 'city']],
  ])('selects features by %s', (_how, scope, names) => {
    expect(readable(` - { name: a, who: EVERYONE, allow: [READ], ${scope} }`)).toEqual(names);
  });

  it('denies what one rule denies, whatever others allow', () => {
    const rules = ` - { name: a, who: EVERYONE, allow: [READ] }
 - { name: b, who: EVERYONE, deny: [READ], sensitivity: [PERSONAL] }`;
    expect(readable(rules)).toEqual(['orders_7d', 'mean_basket', 'city']);
  });

  it.each<[string, string, TestPrincipal, boolean]>([
    ['a name', '{ names: [user:ann] }', {}, true],
    ['a pattern of names', "{ names: ['user:*'] }", {}, true],
    ['another name', '{ names: [user:bob] }', {}, false],
    ['a kind', '{ kinds: [USER] }', {}, true],
    ['another kind', '{ kinds: [SERVICE] }', {}, false],
    ['a group', '{ groups: [sales, analysts] }', { groups: ['analysts'] }, true],
    ['another group', '{ groups: [sales] }', { groups: ['analysts'] }, false],
    ['a claim', '{ claims: { tenant: [acme] } }', { claims: { tenant: 'acme' } }, true],
    ['another value of a claim', '{ claims: { tenant: [acme] } }', { claims: { tenant: 'beta' } }, false],
    ['a claim that is absent', "{ claims: { tenant: ['*'] } }", {}, false],
    ['two conditions of which one holds', '{ kinds: [USER], groups: [sales] }', {}, false],
  ])('applies by %s', (_how, who, principal, isAllowed) => {
    const rules = ` - { name: a, who: ${who}, allow: [READ] }`;
    expect(readable(rules, 'c1', principal).length > 0).toBe(isAllowed);
  });

  describe('with patterns of entity ids', () => {
    const rules = ` - { name: a, who: EVERYONE, allow: [READ], features: [city], entityIds: ['{claims.tenant}:*'] }`;

    it('gives the rows of a tenant only', () => {
      const acme = { claims: { tenant: 'acme' } };
      expect(readable(rules, 'acme:1', acme)).toEqual(['city']);
      expect(readable(rules, 'beta:1', acme)).toEqual([]);
      expect(readable(rules, 'xacme:1', acme)).toEqual([]);
    });

    it.each([
      ['no claim', {}],
      ['an empty claim', { claims: { tenant: '' } }],
    ])('gives nothing to a principal with %s', (_what, principal) => {
      expect(readable(rules, ':1', principal)).toEqual([]);
      expect(readable(rules, '*:1', principal)).toEqual([]);
    });

    it('takes an asterisk in a claim as an asterisk', () => {
      const star = { claims: { tenant: '*' } };
      expect(readable(rules, 'acme:1', star)).toEqual([]);
      expect(readable(rules, '*:1', star)).toEqual(['city']);
    });

    it('matches the parts of a composite id one by one', () => {
      const access = accessOf(
        ` - { name: a, who: EVERYONE, allow: [READ], entityTypes: [visit], entityIds: ['{claims.tenant},*'] }`,
        'user:ann',
        { claims: { tenant: 'a,b' } },
      );
      const seconds = getFeature(visit, 'seconds');
      expect(access.reads(visit).has(seconds, 'a%2Cb,page')).toBe(true);
      expect(access.reads(visit).has(seconds, 'a,b')).toBe(false);
      expect(access.reads(visit).has(seconds, 'a%2Cb%2Cc,page')).toBe(false);
    });

    it('denies by them too, and then no feature is readable everywhere', () => {
      const access = accessOf(` - { name: a, who: EVERYONE, allow: [READ] }
 - { name: b, who: EVERYONE, deny: [READ], entityIds: ['vip:*'] }`).reads(customer);
      expect(access.isFull).toBe(false);
      expect(access.everywhere.size).toBe(0);
      expect(access.ofEntity('c1').size).toBe(4);
      expect(access.ofEntity('vip:1').size).toBe(0);
    });
  });

  it('limits the cost of jobs by the greatest limit of the rules that allow them', () => {
    const rules = ` - { name: a, who: EVERYONE, allow: [TRAINING_SET], maxCostUsd: 1 }
 - { name: b, who: { groups: [analysts] }, allow: [TRAINING_SET], entityTypes: [customer], maxCostUsd: 5 }`;
    const analyst = accessOf(rules, 'user:ann', { groups: ['analysts'] });
    expect(accessOf(rules).jobOf('TRAINING_SET', customer)).toEqual({ isAllowed: true, maxCostUsd: 1 });
    expect(analyst.jobOf('TRAINING_SET', customer)).toEqual({ isAllowed: true, maxCostUsd: 5 });
    expect(analyst.jobOf('TRAINING_SET', visit)).toEqual({ isAllowed: true, maxCostUsd: 1 });
  });

  it.each([
    ['labels/june.csv', true],
    ['labels', true],
    ['labels/', true],
    ['labels/*.csv', true],
    ['labels/../labels/june.csv', true],
    ['labels/../secret/june.csv', false],
    ['labels/../secret/*', false],
    ['*', false],
    ['{labels,secret}/a.csv', false],
    ['.', false],
    ['secret/labels/a.csv', false],
    ['gs://bucket/labels/a', false],
  ])('decides on the file %s', (name, isAllowed) => {
    const access = accessOf(` - { name: a, who: EVERYONE, allow: [READ_FILE], files: ['labels/*'] }`);
    expect(access.mayUseFile('READ_FILE', name)).toBe(isAllowed);
    expect(access.mayUseFile('WRITE_FILE', name)).toBe(false);
  });

  it('gives the jobs of others to those whom a rule names', () => {
    const access = accessOf(` - { name: a, who: EVERYONE, allow: [SEE_JOBS], createdBy: ['service:*'] }`);
    expect(access.maySeeJobOf('service:nightly')).toBe(true);
    expect(access.mayCancelJobOf('service:nightly')).toBe(false);
    expect(access.maySeeJobOf('user:bob')).toBe(false);
    expect(access.maySeeJobOf(null)).toBe(false);
    expect(accessOf(' - { name: a, who: EVERYONE, allow: [SEE_JOBS] }').maySeeJobOf(null)).toBe(true);
  });

  it('that is replaced counts at once', () => {
    const parse = (rules: string) => parsePolicy(`rules:\n${rules}`, registry);
    const policy = new Policy(parse(' - { name: a, who: EVERYONE, allow: [READ] }'));
    const ann = testPrincipal('user:ann');
    expect(policy.accessOf(ann).reads(customer).isFull).toBe(true);
    policy.replace(parse(' - { name: a, who: EVERYONE, allow: [WRITE] }'));
    expect(policy.accessOf(ann).reads(customer).isFull).toBe(false);
  });

  it('judges the features of an earlier registry by those of the current one', () => {
    const rules = `rules:
 - { name: a, who: EVERYONE, allow: [READ, WRITE] }
 - { name: b, who: EVERYONE, deny: [READ, WRITE], sensitivity: [PERSONAL] }`;
    const features = ['city', 'email', 'old'].map((name) => ({ name, valueType: 'STRING' }) as const);
    const earlier = testRegistry({ name: 'shop', entityTypes: [{ name: 'customer', sources: [{ features }] }] });
    const [city, email] = features;
    const next = [city!, { ...email!, sensitivity: 'PERSONAL' as const }];
    const current = testRegistry({ name: 'shop', entityTypes: [{ name: 'customer', sources: [{ features: next }] }] });
    const policy = new Policy(parsePolicy(rules, earlier), earlier);
    const of = (registry: Registry): EntityType => registry.featurestores[0]!.entityTypes[0]!;
    const ann = testPrincipal('user:ann');
    const names = (action: 'reads' | 'writes') =>
      [...policy.accessOf(ann)[action](of(earlier)).everywhere].map(({ name }) => name);
    expect([names('reads'), names('writes')]).toEqual([
      ['city', 'email', 'old'],
      ['city', 'email', 'old'],
    ]);
    policy.replace(parsePolicy(rules, current), current);
    expect([names('reads'), names('writes')]).toEqual([['city'], ['city']]);
    expect(policy.accessOf(ann).reads(of(earlier)).has(of(earlier).features[0]!, 'c1')).toBe(true);
    policy.replace(parsePolicy(rules, current), { findFeaturestore: () => undefined });
    expect(names('reads')).toEqual([]);
  });

  it('keeps the access of a bounded number of principals, and none gets that of another', () => {
    const policy = new Policy(
      parsePolicy("rules: [{ name: a, who: { names: ['user:1*'] }, allow: [READ] }]", registry),
    );
    for (let number = 0; number < 3_000; number += 1) {
      const isAllowed = String(number).startsWith('1');
      expect(policy.accessOf(testPrincipal(`user:${number}`)).reads(customer).isFull).toBe(isAllowed);
    }
  });
});

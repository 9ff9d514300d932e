import type { EntityType, Feature } from '../../datasources/registry/model.js';
import { canonicalEntityId } from '../../values/entity-id.js';
import type { Principal } from '../principal.js';
import { isAbout, RuledAccess, selectFeatures } from './access.js';
import { entityIdMatcher, isWho } from './patterns.js';
import type { PolicyDocument, Rule } from './policy-document.js';

export interface Question {
  readonly principal: Principal;
  readonly action: 'READ' | 'WRITE';
  readonly feature: Feature;
  /** null: for entities in general. */
  readonly entityId: string | null;
}

/** ALLOWED and DENIED are for the entity, or for all. SOME: it depends on the entity. */
export interface Explanation {
  readonly decision: 'ALLOWED' | 'DENIED' | 'SOME';
  /** Each rule about the action, in the order of the file, and why it counts or does not. */
  readonly rules: readonly { readonly name: string; readonly effect: 'allows' | 'denies'; readonly reason: string }[];
}

/** Says why a principal may read or write a feature, or why not. The decision is that of the gateway itself. */
export function explain(document: PolicyDocument, question: Question): Explanation {
  const { principal, action, feature, entityId } = question;
  const { entityType } = feature;
  const access = new RuledAccess(document, principal);
  const features = action === 'READ' ? access.reads(entityType) : access.writes(entityType);
  const canonical = entityId === null ? null : canonicalEntityId(entityId, entityType.entityIdColumns);
  const isAllowed = canonical === null ? features.everywhere.has(feature) : features.has(feature, canonical);
  const isPossible = canonical === null && features.anywhere.has(feature);
  return {
    decision: isAllowed ? 'ALLOWED' : isPossible ? 'SOME' : 'DENIED',
    rules: document.rules.flatMap((rule) => {
      const effect = rule.allow?.includes(action) ? 'allows' : rule.deny?.includes(action) ? 'denies' : null;
      return effect === null
        ? []
        : [{ name: rule.name, effect, reason: reasonOf(rule, question, entityType, canonical) }];
    }),
  };
}

function reasonOf(
  rule: Rule,
  { principal, feature }: Question,
  entityType: EntityType,
  entityId: string | null,
): string {
  if (!isWho(rule.who, principal)) return 'does not count: it is about others';
  if (!isAbout(rule, entityType)) return 'does not count: it is about other entity types';
  if (!selectFeatures(rule, entityType).includes(feature)) {
    return rule.sensitivity && !rule.sensitivity.includes(feature.sensitivity)
      ? `does not count: the feature is ${feature.sensitivity}`
      : 'does not count: it is about other features';
  }
  if (!rule.entityIds) return 'counts';
  const patterns = rule.entityIds.join(' or ');
  if (entityId === null) return `counts for entities with ids like ${patterns}`;
  const isMatch = entityIdMatcher(rule.entityIds, principal).matches(entityId, entityType.entityIdColumns);
  return isMatch ? `counts: the id is like ${patterns}` : `does not count: the id is not like ${patterns}`;
}

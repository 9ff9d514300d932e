import type { EntityType } from '../../datasources/registry/model.js';
import type { Registry } from '../../datasources/registry/registry.js';
import type { Fault } from '../../runtime/yaml/fault.js';
import { hasScope, SCOPES, type Action } from './actions.js';
import { hasWildcard, matcher, unknownPlaceholders } from './patterns.js';
import type { PolicyDocument, Rule } from './policy-document.js';

/** Checks of a policy that its shape cannot express, also against the registry. */
export function findPolicyFaults({ rules }: PolicyDocument, registry: Registry): Fault[] {
  return rules.flatMap((rule, index) => {
    const path = ['rules', index];
    const isRepeated = rules.findIndex(({ name }) => name === rule.name) < index;
    return [
      ...(isRepeated ? [{ path: [...path, 'name'], message: `"${rule.name}" is named twice` }] : []),
      ...[...effectFaults(rule), ...scopeFaults(rule), ...patternFaults(rule), ...nameFaults(rule, registry)].map(
        (fault) => ({ ...fault, path: [...path, ...fault.path] }),
      ),
    ];
  });
}

function effectFaults({ allow, deny }: Rule): Fault[] {
  if (allow && deny) return [{ path: ['deny'], message: 'a rule has "allow" or "deny", not both: make it two rules' }];
  return allow || deny ? [] : [{ path: [], message: 'a rule has "allow" or "deny"' }];
}

/** A scope that an action ignores would look like a restriction and be none. */
function scopeFaults(rule: Rule): Fault[] {
  const actions: readonly Action[] = rule.allow ?? rule.deny ?? [];
  return SCOPES.flatMap((scope): Fault[] => {
    if (rule[scope] === undefined) return [];
    const without = actions.find((action) => !hasScope(action, scope));
    if (without) {
      return [{ path: [scope], message: `${without} has no "${scope}". Make a rule of its own for ${without}` }];
    }
    if (!rule.deny) return [];
    // A table or file has several names; a limit of what is denied means nothing.
    if (scope === 'tables' || scope === 'files') {
      return [{ path: [scope], message: `a rule that denies has no "${scope}": allow those that may be used` }];
    }
    return scope === 'maxCostUsd' ? [{ path: [scope], message: 'a rule that denies has no "maxCostUsd"' }] : [];
  });
}

function patternFaults({ entityIds = [], files = [] }: Rule): Fault[] {
  return [
    ...entityIds.flatMap((pattern, index) =>
      unknownPlaceholders(pattern).map((text) => ({
        path: ['entityIds', index],
        message: `"${text}" is unknown. There are {name} and {claims.…}`,
      })),
    ),
    ...files.flatMap((pattern, index): Fault[] => {
      if (/[?[\]{}]/.test(pattern)) {
        return [{ path: ['files', index], message: 'the only wildcard is *: write no ?, brackets or braces' }];
      }
      return /(^|\/)\.{1,2}(\/|$)/.test(pattern) || pattern.startsWith('/')
        ? [{ path: ['files', index], message: 'a path in the folder for files begins with no / and has no . or ..' }]
        : [];
    }),
  ];
}

/** A name that nothing has is a mistake. A pattern may match nothing yet. */
function nameFaults(rule: Rule, registry: Registry): Fault[] {
  return [
    ...NAMED_SCOPES.flatMap(([scope, what]) =>
      unmatched(rule, scope, registry).flatMap(({ pattern, index }): Fault[] =>
        hasWildcard(pattern)
          ? []
          : [{ path: [scope, index], message: `there is no ${what} "${pattern}" where the rule applies` }],
      ),
    ),
    ...partFaults(rule, entityTypesOf(rule, registry)),
  ];
}

/** The patterns with wildcards that match nothing in the registry, for warnings. */
export function findUnusedPatterns(
  rules: readonly Rule[],
  registry: Registry,
): { readonly name: string; readonly scope: string; readonly pattern: string }[] {
  return rules.flatMap((rule) =>
    NAMED_SCOPES.flatMap(([scope]) =>
      unmatched(rule, scope, registry).map(({ pattern }) => ({ name: rule.name, scope, pattern })),
    ),
  );
}

const NAMED_SCOPES = [
  ['featurestores', 'featurestore'],
  ['entityTypes', 'entity type'],
  ['features', 'feature'],
  ['models', 'model'],
] as const;

function unmatched(
  rule: Rule,
  scope: (typeof NAMED_SCOPES)[number][0],
  registry: Registry,
): { readonly pattern: string; readonly index: number }[] {
  const known = namesOf(rule, scope, registry);
  return (rule[scope] ?? []).flatMap((pattern, index) =>
    known.some(({ name }) => matcher([pattern])(name)) ? [] : [{ pattern, index }],
  );
}

function namesOf(
  rule: Rule,
  scope: (typeof NAMED_SCOPES)[number][0],
  registry: Registry,
): readonly { readonly name: string }[] {
  switch (scope) {
    case 'featurestores':
      return registry.featurestores;
    case 'entityTypes':
      return inFeaturestores(rule, registry);
    case 'features':
      return entityTypesOf(rule, registry).flatMap(({ features }) => features);
    case 'models':
      return registry.models;
  }
}

function inFeaturestores({ featurestores }: Rule, registry: Registry): readonly EntityType[] {
  return registry.featurestores
    .filter(({ name }) => matcher(featurestores)(name))
    .flatMap(({ entityTypes }) => entityTypes);
}

function entityTypesOf(rule: Rule, registry: Registry): readonly EntityType[] {
  return inFeaturestores(rule, registry).filter(({ name }) => matcher(rule.entityTypes)(name));
}

/** A pattern with the wrong number of parts would match no id. */
function partFaults({ entityIds = [] }: Rule, entityTypes: readonly EntityType[]): Fault[] {
  return entityIds.flatMap((pattern, index) => {
    const parts = pattern.split(',').length;
    const fits = entityTypes.some(({ entityIdColumns: { length } }) => length === 1 || length === parts);
    if (entityTypes.length === 0 || fits) return [];
    const [{ name, entityIdColumns }] = entityTypes as readonly [EntityType];
    const message = `the pattern has ${parts} ${parts === 1 ? 'part' : 'parts'}, and an id of "${name}" has ${entityIdColumns.length}: ${entityIdColumns.join(',')}`;
    return [{ path: ['entityIds', index], message }];
  });
}

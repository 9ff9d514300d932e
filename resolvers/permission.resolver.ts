import { Ctx, FieldResolver, Resolver } from 'type-graphql';
import type { Rule } from '../auth/policy/policy-document.js';
import { listComplexity } from '../schema/complexity.js';
import { Permission } from '../schema/viewer/permission.js';
import { Viewer } from '../schema/viewer/viewer.js';
import type { RequestContext } from './context.js';

/** What the client may do. */
@Resolver(() => Viewer)
export class PermissionResolver {
  @FieldResolver(() => Boolean, {
    description: 'Whether the client may do everything, because the gateway has no policy.',
  })
  isUnrestricted(@Ctx() { access }: RequestContext): boolean {
    return access.isUnrestricted;
  }

  @FieldResolver(() => [Permission], {
    description:
      'The rules of the policy that apply to the client, in the order of the policy. Empty without a policy.',
    complexity: listComplexity(),
  })
  permissions(@Ctx() { access }: RequestContext): Permission[] {
    return access.rules.map(toPermission);
  }
}

function toPermission(rule: Rule): Permission {
  return {
    rule: rule.name,
    effect: rule.allow ? 'ALLOW' : 'DENY',
    actions: rule.allow ?? rule.deny ?? [],
    featurestores: rule.featurestores ?? null,
    entityTypes: rule.entityTypes ?? null,
    features: rule.features ?? null,
    sensitivity: rule.sensitivity ?? null,
    entityIds: rule.entityIds ?? null,
    models: rule.models ?? null,
    files: rule.files ?? null,
    tables: rule.tables ?? null,
    createdBy: rule.createdBy ?? null,
    maxCostUsd: rule.maxCostUsd ?? null,
  };
}

import type { Access } from '../auth/policy/access.js';
import { permissionDenied } from '../auth/policy/permission.js';
import { Arg, Ctx, Mutation, Query, Resolver } from 'type-graphql';
import type { AppliedRegistry, RegistryPlan as RegistryPlanModel } from '../ingestion/registry-updates.js';
import { ApplyRegistryInput, ApplyRegistryPayload, RegistryPlan } from '../schema/registry/registry-plan.js';
import { formatResourceName } from '../schema/resource-name.js';
import type { RequestContext } from './context.js';

@Resolver()
export class RegistryResolver {
  @Query(() => RegistryPlan, {
    description: 'Reads the registry file of the gateway again and tells what `applyRegistry` would do.',
  })
  async registryPlan(@Ctx() { registryUpdates, access }: RequestContext): Promise<RegistryPlanModel> {
    checkRegistryAccess(access);
    return registryUpdates.plan();
  }

  @Mutation(() => ApplyRegistryPayload, {
    description:
      'Reads the registry file of the gateway again and serves it from now on. Running requests and subscriptions ' +
      'end with the schema that they began with. A file with faults changes nothing; neither does one that can break ' +
      'a client, without `force`.',
  })
  async applyRegistry(
    @Ctx() { registryUpdates, access, audit }: RequestContext,
    @Arg('input', () => ApplyRegistryInput, { defaultValue: { force: false }, description: 'What to accept.' })
    { force }: ApplyRegistryInput,
  ): Promise<AppliedRegistry> {
    const applied = await audit.run({ action: 'APPLY_REGISTRY' }, async () => {
      checkRegistryAccess(access);
      return registryUpdates.apply({ force });
    });
    return { ...applied, jobIds: applied.jobIds.map((job) => formatResourceName({ kind: 'job', job })) };
  }
}

function checkRegistryAccess(access: Access): void {
  if (!access.mayApplyRegistry()) throw permissionDenied('You may not plan or apply the registry.');
}

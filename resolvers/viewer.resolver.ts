import { Ctx, FieldResolver, Query, Resolver, Root } from 'type-graphql';
import type { Principal } from '../auth/principal.js';
import { roundMoney, type Decimal } from '../costs/decimal.js';
import type { Money } from '../schema/cost/cost-estimate.js';
import { BudgetUsage, Viewer } from '../schema/viewer/viewer.js';
import type { RequestContext } from './context.js';
import { ownerOf } from './owner-of.js';

@Resolver(() => Viewer)
export class ViewerResolver {
  @Query(() => Viewer, { description: 'The principal of the request, and its budget.' })
  viewer(@Ctx() { principal }: RequestContext): Principal {
    return principal;
  }

  @FieldResolver(() => BudgetUsage)
  async budget(@Root() principal: Principal, @Ctx() { costs }: RequestContext): Promise<BudgetUsage> {
    const { day, budget, spent, billedBytes } = await costs.guard.usage(ownerOf(principal));
    return { day, budget: budget && dollars(budget), spent: dollars(spent), bytesBilled: billedBytes };
  }
}

/** Budgets are in US dollars (FEATUREGRAPH_DAILY_BUDGETS_USD). */
function dollars(amount: Decimal): Money {
  return { currency: 'USD', amount: roundMoney(amount).toNumber() };
}

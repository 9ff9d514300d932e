import { Ctx, Query, Resolver } from 'type-graphql';
import type { Principal } from '../auth/principal.js';
import { Viewer } from '../schema/viewer/viewer.js';
import type { RequestContext } from './context.js';

@Resolver()
export class ViewerResolver {
  @Query(() => Viewer, { description: 'The client that asks.' })
  viewer(@Ctx() { principal }: RequestContext): Principal {
    return principal;
  }
}

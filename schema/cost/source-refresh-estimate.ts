import { Field, ObjectType } from 'type-graphql';
import { listComplexity } from '../complexity.js';
import { RecomputedSource } from '../registry/registry-plan.js';
import { CostEstimate } from './cost-estimate.js';

@ObjectType({ simpleResolvers: true, description: 'What `refreshSource` would compute now.' })
export class SourceRefreshEstimate {
  @Field(() => [RecomputedSource], {
    description:
      'The sources whose SQL, columns or files changed since they were computed. Files count by their names, sizes and ' +
      'times. Empty: nothing changed.',
    complexity: listComplexity(),
  })
  sources!: readonly RecomputedSource[];

  @Field(() => CostEstimate, {
    description:
      'The maximum cost of reading the files of these sources: an incremental refresh reads less. The gateway computes ' +
      'the values itself, which is free in the price book of its machine.',
  })
  cost!: CostEstimate;
}

import { Field, ObjectType } from 'type-graphql';
import { DateTime } from '../scalars/date-time.js';

@ObjectType({
  simpleResolvers: true,
  description: 'One table of values of an entity type, and how fresh it is.',
})
export class FeatureSource {
  @Field(() => String, { description: 'The name, unique in the entity type.' })
  name!: string;

  @Field(() => Boolean, {
    description: 'Whether the gateway computes its values from files by SQL. Otherwise clients write them.',
  })
  isComputed!: boolean;

  @Field(() => DateTime, {
    nullable: true,
    description:
      'The newest event time of its stored rows, in UTC, future rows included. Null for a static source, without rows, ' +
      'and for a source in BigQuery.',
  })
  newestTimestamp!: bigint | null;

  @Field(() => DateTime, {
    nullable: true,
    description: 'When its values were computed or found up to date, in UTC. Null if they never were computed.',
  })
  refreshedAt!: bigint | null;

  @Field(() => DateTime, {
    nullable: true,
    description:
      'The newest modification of the files of the tables that its SQL names, in UTC. Null for a source without SQL.',
  })
  filesChangedAt!: bigint | null;

  @Field(() => Boolean, {
    description:
      'Whether a file was modified after the values were computed. `refreshSource` recomputes them if its content changed.',
  })
  isBehind!: boolean;
}

import { Field, Float, ObjectType } from 'type-graphql';
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
      'Whether its SQL or columns changed, or a file was added, written, renamed or deleted, after the values were computed. ' +
      '`refreshSource` recomputes them if the content changed.',
  })
  isBehind!: boolean;

  @Field(() => Float, {
    nullable: true,
    description:
      'Seconds since the newest event time of its stored rows that is not in the future. If `isBehind`, the files can ' +
      'have newer rows. Null for a static source, without rows, and for a source in BigQuery.',
  })
  freshnessSeconds!: number | null;

  @Field(() => String, {
    nullable: true,
    description:
      'The schedule of its refreshes: a cron expression of five fields in UTC, or in the time zone that a prefix names ' +
      '("CRON_TZ=Europe/Zurich 0 3 * * *"). Null if it has none.',
  })
  refreshSchedule!: string | null;
}

import { Field, Float, ObjectType, registerEnumType } from 'type-graphql';
import { listComplexity } from '../complexity.js';
import { ViolationActionEnum } from './feature-expectation.js';
import { DateTime } from '../scalars/date-time.js';

export const SourceKindEnum = { SQL: 'SQL', WRITES: 'WRITES', TABLE: 'TABLE' } as const;

registerEnumType(SourceKindEnum, {
  name: 'SourceKind',
  description: 'Where the values of a source come from.',
  valuesConfig: {
    SQL: { description: 'The gateway computes them from files by SQL.' },
    WRITES: { description: 'Clients write them.' },
    TABLE: { description: 'A table of BigQuery has them: clients of the gateway and other systems write it.' },
  },
});

@ObjectType({ simpleResolvers: true, description: 'A table that the values of a source come from.' })
export class SourceTable {
  @Field(() => String, {
    description: 'The name by which the SQL reads it, or the name of the table in BigQuery, as the registry has it.',
  })
  name!: string;

  @Field(() => String, {
    nullable: true,
    description:
      'Its file, folder or pattern, as the registry has it. Null for a table of BigQuery, and if the client may not see the ' +
      'files of the registry (APPLY_REGISTRY).',
  })
  files!: string | null;
}

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

  @Field(() => Boolean, { description: 'Whether its values have no event time: they are true at all times.' })
  isStatic!: boolean;

  @Field(() => SourceKindEnum, { description: 'Where its values come from.' })
  kind!: keyof typeof SourceKindEnum;

  @Field(() => String, {
    nullable: true,
    description:
      'The file with its SQL, as the registry has it. Null for a source without SQL, and if the client may not see the ' +
      'files of the registry (APPLY_REGISTRY).',
  })
  sqlFile!: string | null;

  @Field(() => [SourceTable], {
    description:
      'The tables whose names its SQL contains, or its table in BigQuery if the registry names it and the client may see it ' +
      '(APPLY_REGISTRY). Empty for a source that clients write.',
    complexity: listComplexity(),
  })
  tables!: readonly SourceTable[];

  @Field(() => ViolationActionEnum, {
    nullable: true,
    description:
      'What a training set does with a value whose entity has several rows of its event time: it fails (REJECT) or lists it ' +
      '(WARN). Null: nothing is expected (docs/expectations.md).',
  })
  onRepeatedTime!: keyof typeof ViolationActionEnum | null;

  @Field(() => DateTime, {
    nullable: true,
    description:
      'The newest event time of its stored rows, in UTC, future rows included. Null for a static source, without rows, ' +
      'for a source in BigQuery, and if the client may read no feature of the source of all entities.',
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
      'have newer rows. Null for a static source, without rows, for a source in BigQuery, and if the client may read no ' +
      'feature of the source of all entities.',
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

import { Field, ObjectType, registerEnumType } from 'type-graphql';
import { Money } from '../cost/cost-estimate.js';
import { BigIntScalar } from '../scalars/big-int.js';
import { DateTime } from '../scalars/date-time.js';

export const PrincipalKindEnum = {
  USER: 'USER',
  SERVICE: 'SERVICE',
  API_KEY: 'API_KEY',
  CERTIFICATE: 'CERTIFICATE',
  ANONYMOUS: 'ANONYMOUS',
} as const;

registerEnumType(PrincipalKindEnum, {
  name: 'PrincipalKind',
  description: 'How a client was authenticated.',
  valuesConfig: {
    USER: { description: 'A person, authenticated by an identity provider or Google.' },
    SERVICE: { description: 'A program with its own identity, such as a service account.' },
    API_KEY: { description: 'The holder of an API key.' },
    CERTIFICATE: { description: 'The subject of a client certificate.' },
    ANONYMOUS: { description: 'Any client: this gateway has no authentication.' },
  },
});

@ObjectType({ description: 'The daily budget of the client, and what it has spent.' })
export class BudgetUsage {
  @Field(() => String, { description: 'The day in UTC, YYYY-MM-DD.' })
  day!: string;

  @Field(() => Money, { nullable: true, description: 'The budget of the day. Null: no budget limits the client.' })
  budget!: Money | null;

  @Field(() => Money, {
    description:
      'What the client has spent on this day: its jobs, and its reads of offline stores that bill queries, such as ' +
      'BigQuery. Jobs that have not ended count with their estimates, and reads that run with the least that they can cost.',
  })
  spent!: Money;

  @Field(() => BigIntScalar, {
    description: 'The bytes that offline stores such as BigQuery have billed on this day for its reads and jobs.',
  })
  bytesBilled!: bigint;
}

@ObjectType({ description: 'The client of the request.' })
export class Viewer {
  @Field(() => String, {
    description:
      'The name of the principal: the owner of its jobs and budgets, e.g. "user:alice@example.com" or ' +
      '"key:nightly-scores". "anonymous" if the gateway has no authentication.',
  })
  name!: string;

  @Field(() => PrincipalKindEnum, { description: 'How the client was authenticated.' })
  kind!: keyof typeof PrincipalKindEnum;

  @Field(() => [String], { description: 'The groups that the credentials name, sorted.' })
  groups!: readonly string[];

  @Field(() => DateTime, {
    nullable: true,
    description: 'When the gateway stops accepting the credentials. Streams end then. Null: they do not expire.',
  })
  expiresAt!: bigint | null;

  @Field(() => BudgetUsage, { description: 'The budget of the client for today, in UTC.' })
  budget!: BudgetUsage;
}

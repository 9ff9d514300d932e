import { Field, ObjectType, registerEnumType } from 'type-graphql';
import { Money } from '../cost/cost-estimate.js';
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
  description: 'How a client said who it is.',
  valuesConfig: {
    USER: { description: 'A person, by an identity provider or Google.' },
    SERVICE: { description: 'A program with an identity of its own, such as a service account.' },
    API_KEY: { description: 'The holder of an API key.' },
    CERTIFICATE: { description: 'The subject of a client certificate.' },
    ANONYMOUS: { description: 'Everybody: this gateway asks nobody who they are.' },
  },
});

@ObjectType({ description: 'What the client may spend on a day, and what it has spent.' })
export class BudgetUsage {
  @Field(() => String, { description: 'The day in UTC, YYYY-MM-DD.' })
  day!: string;

  @Field(() => Money, { nullable: true, description: 'The budget of the day. Null: no budget limits the client.' })
  budget!: Money | null;

  @Field(() => Money, {
    description:
      'What the client has spent on this day. Jobs that have not ended count with their estimates. Reads cost nothing here.',
  })
  spent!: Money;
}

@ObjectType({ description: 'The client of the request.' })
export class Viewer {
  @Field(() => String, {
    description:
      'The name of the principal: the owner of its jobs and budgets, e.g. "user:alice@example.com" or ' +
      '"key:nightly-scores". "anonymous" if the gateway asks nobody who they are.',
  })
  name!: string;

  @Field(() => PrincipalKindEnum, { description: 'How the client said who it is.' })
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

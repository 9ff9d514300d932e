import { Field, Float, ID, ObjectType, registerEnumType } from 'type-graphql';
import { listComplexity } from '../complexity.js';

export const PriceQualityEnum = {
  OFFICIAL: 'official',
  THIRD_PARTY: 'third-party',
  ASSUMED: 'assumed',
} as const;

registerEnumType(PriceQualityEnum, {
  name: 'PriceQuality',
  description: 'How far a figure can be trusted.',
  valuesConfig: {
    OFFICIAL: { description: 'From whoever sells it.' },
    THIRD_PARTY: { description: 'As somebody else copied it from a price list or a bill.' },
    ASSUMED: { description: 'Not known for what it is used for; the source says what it was taken from.' },
  },
});

@ObjectType({ simpleResolvers: true, description: 'One figure of a price book.' })
export class Price {
  @Field(() => String, { description: 'What is counted; its name ends with the unit.' })
  meter!: string;

  @Field(() => String, {
    nullable: true,
    description:
      'What of it: a machine type, an accelerator, a kind of store; null for any that has no price of its own.',
  })
  resource!: string | null;

  @Field(() => String, { description: 'The unit of the meter, for people.' })
  unit!: string;

  @Field(() => Float, { description: 'In the currency of the book, for one unit.' })
  unitPrice!: number;

  @Field(() => PriceQualityEnum, { description: 'How far the figure can be trusted.' })
  quality!: (typeof PriceQualityEnum)[keyof typeof PriceQualityEnum];

  @Field(() => String, { description: 'Where the figure is from, and of when.' })
  source!: string;

  @Field(() => String, { nullable: true, description: 'What one should know about it; null when nothing.' })
  note!: string | null;
}

@ObjectType({ simpleResolvers: true, description: 'Prices of one region on one day.' })
export class PriceBook {
  @Field(() => ID, { description: 'Its resource name: name and date.' })
  id!: string;

  @Field(() => String, { description: 'Books of one name and several dates are editions of one book.' })
  name!: string;

  @Field(() => String, { description: 'The region that the prices are of.' })
  region!: string;

  @Field(() => String, { description: 'The day from which it is used, YYYY-MM-DD.' })
  effectiveDate!: string;

  @Field(() => String, { description: 'Where its figures are from.' })
  source!: string;

  @Field(() => [Price], { description: 'Its figures.', complexity: listComplexity() })
  prices!: readonly Price[];
}

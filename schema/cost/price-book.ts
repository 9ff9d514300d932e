import { Field, Float, ID, ObjectType, registerEnumType } from 'type-graphql';
import { listComplexity } from '../complexity.js';
import { Node } from '../node.js';

export const PriceQualityEnum = {
  OFFICIAL: 'official',
  THIRD_PARTY: 'third-party',
  ASSUMED: 'assumed',
} as const;

registerEnumType(PriceQualityEnum, {
  name: 'PriceQuality',
  description: 'The quality of a price.',
  valuesConfig: {
    OFFICIAL: { description: 'The vendor publishes the price.' },
    THIRD_PARTY: { description: 'A third party copied the price from a price list or a bill.' },
    ASSUMED: { description: 'The price is an assumption. Price.source says what it derives from.' },
  },
});

@ObjectType({ simpleResolvers: true, description: 'A price of a price book.' })
export class Price {
  @Field(() => String, { description: 'The meter: the name of what is counted. It ends with the unit.' })
  meter!: string;

  @Field(() => String, {
    nullable: true,
    description:
      'The resource: a machine type, an accelerator type or a kind of store. Null: the price holds for all ' +
      'resources that have no price of their own.',
  })
  resource!: string | null;

  @Field(() => String, { description: 'The unit of the meter, for people.' })
  unit!: string;

  @Field(() => Float, { description: 'The price of one unit, in the currency of the price book.' })
  unitPrice!: number;

  @Field(() => PriceQualityEnum, { description: 'The quality of the price.' })
  quality!: (typeof PriceQualityEnum)[keyof typeof PriceQualityEnum];

  @Field(() => String, { description: 'The source of the price, and its date.' })
  source!: string;

  @Field(() => String, { nullable: true, description: 'A note about the price. Null if there is none.' })
  note!: string | null;
}

@ObjectType({
  implements: Node,
  simpleResolvers: true,
  description: 'A price book: the prices of one region from one day on.',
})
export class PriceBook implements Node {
  /** Not a field of the schema: resolveAbstractTypes reads it. */
  readonly kind!: 'priceBook';

  @Field(() => ID, { description: 'The resource name, "priceBooks/<name>@<effectiveDate>".' })
  id!: string;

  @Field(() => String, {
    description: 'The name. Books with the same name and different dates are editions of one book.',
  })
  name!: string;

  @Field(() => String, { description: 'The region of the prices.' })
  region!: string;

  @Field(() => String, { description: 'The day from which the prices are valid, as YYYY-MM-DD.' })
  effectiveDate!: string;

  @Field(() => String, { description: 'The source of the prices.' })
  source!: string;

  @Field(() => [Price], { description: 'The prices.', complexity: listComplexity() })
  prices!: readonly Price[];
}

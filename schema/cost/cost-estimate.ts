import { Field, Float, ObjectType } from 'type-graphql';
import { listComplexity } from '../complexity.js';
import { PriceBook } from './price-book.js';

@ObjectType({ simpleResolvers: true, description: 'An amount of money.' })
export class Money {
  @Field(() => String, { description: 'The currency code (ISO 4217), e.g. "USD".' })
  currency!: string;

  @Field(() => Float, {
    description: 'The amount in units of the currency (dollars, not cents), rounded to nine decimal places.',
  })
  amount!: number;
}

@ObjectType({ simpleResolvers: true, description: 'A line of a cost estimate: amount = quantity x unitPrice.' })
export class CostLine {
  @Field(() => String, { description: 'The name of the product in the price book (SKU).' })
  sku!: string;

  @Field(() => String, { description: 'What the product is used for.' })
  description!: string;

  @Field(() => Float, { description: 'The quantity, in units of `unit`.' })
  quantity!: number;

  @Field(() => String, { description: 'The unit of the quantity, e.g. "node hour".' })
  unit!: string;

  @Field(() => Float, { description: 'The price of one unit, in the currency of the total.' })
  unitPrice!: number;

  @Field(() => Float, {
    description:
      'The amount, in the currency of the total, rounded to nine decimal places. The lines add up to the total.',
  })
  amount!: number;
}

@ObjectType({ simpleResolvers: true, description: 'An estimate of a cost by a price book. Estimates cost nothing.' })
export class CostEstimate {
  @Field(() => Money, { description: 'The sum of the lines.' })
  total!: Money;

  @Field(() => Money, {
    nullable: true,
    description: 'The lower bound, if the number of nodes scales with load. Null if the estimate has no range.',
  })
  atLeast!: Money | null;

  @Field(() => Money, {
    nullable: true,
    description: 'The upper bound, if the number of nodes scales with load. Null if the estimate has no range.',
  })
  atMost!: Money | null;

  @Field(() => [CostLine], { description: 'The lines of the total.', complexity: listComplexity() })
  lines!: readonly CostLine[];

  @Field(() => [String], {
    description:
      'The assumptions of the estimate: the quality and source of each price, the defaults that were used, and ' +
      'what the total leaves out.',
  })
  assumptions!: readonly string[];

  @Field(() => PriceBook, { description: 'The price book of the estimate.' })
  priceBook!: PriceBook;

  @Field(() => Money, {
    nullable: true,
    description: 'The total divided by the number of predictions. Null if there are no predictions.',
  })
  perPrediction!: Money | null;
}

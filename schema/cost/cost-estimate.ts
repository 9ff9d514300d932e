import { Field, Float, ObjectType } from 'type-graphql';
import { listComplexity } from '../complexity.js';
import { PriceBook } from './price-book.js';

@ObjectType({ simpleResolvers: true, description: 'An amount of money.' })
export class Money {
  @Field(() => String, { description: 'ISO 4217.' })
  currency!: string;

  @Field(() => Float, { description: 'In the currency (dollars, not cents), rounded once, to a billionth.' })
  amount!: number;
}

@ObjectType({ simpleResolvers: true, description: 'One line of an estimate: quantity x unitPrice = amount.' })
export class CostLine {
  @Field(() => String, { description: 'What is sold, by the name that the price book has for it.' })
  sku!: string;

  @Field(() => String, { description: 'What it is used for.' })
  description!: string;

  @Field(() => Float, { description: 'How much, in the unit.' })
  quantity!: number;

  @Field(() => String, { description: 'The unit of the quantity, e.g. node hour.' })
  unit!: string;

  @Field(() => Float, { description: 'For one unit, in the currency of the total.' })
  unitPrice!: number;

  @Field(() => Float, { description: 'Rounded to a billionth; lines add up to the total.' })
  amount!: number;
}

@ObjectType({ simpleResolvers: true, description: 'What something will cost by a price book, before anybody pays.' })
export class CostEstimate {
  @Field(() => Money, { description: 'The sum of the lines.' })
  total!: Money;

  @Field(() => Money, {
    nullable: true,
    description: 'The least that it can be, where nodes scale with load; null where there is no range.',
  })
  atLeast!: Money | null;

  @Field(() => Money, {
    nullable: true,
    description: 'The most that it can be, where nodes scale with load; null where there is no range.',
  })
  atMost!: Money | null;

  @Field(() => [CostLine], { description: 'What the total is made of.', complexity: listComplexity() })
  lines!: readonly CostLine[];

  @Field(() => [String], {
    description: 'What the figures rest on: quality and source of each price, what was taken for granted or left out.',
  })
  assumptions!: readonly string[];

  @Field(() => PriceBook, { description: 'The prices it was made with.' })
  priceBook!: PriceBook;

  @Field(() => Money, { nullable: true, description: 'The total for each prediction; null where none is made.' })
  perPrediction!: Money | null;
}

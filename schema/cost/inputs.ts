import { Field, Float, ID, InputType, Int } from 'type-graphql';
import { BigIntScalar } from '../scalars/big-int.js';

const MACHINE_TYPE = 'A machine of the price book, e.g. n1-standard-4; null: the first that it has.';

/* Fields that several inputs have, as decorators: an input can extend only one class. */
const PriceBookId = Field(() => ID, {
  nullable: true,
  description: 'A price book by its id, or the newest of a name; null: the one that the gateway is configured with.',
});
const MinNodes = Field(() => Int, {
  nullable: true,
  defaultValue: 1,
  description: 'Nodes that are always there; 0 for none.',
});
const MaxNodes = Field(() => Int, {
  nullable: true,
  description: 'Nodes that load can bring it to; null: as many as minNodes.',
});
const AverageNodes = Field(() => Float, {
  nullable: true,
  description: 'Nodes that there are on average; null: maxNodes, as a low guess is the dangerous one.',
});
const Hours = Field(() => Float, {
  nullable: true,
  defaultValue: 730,
  description: 'Hours that the nodes are there; a month has 730.',
});

/** An abstract class is no type of the schema itself. */
@InputType()
abstract class PricedInput {
  @PriceBookId
  priceBook?: string | null;

  @Field(() => String, { nullable: true, description: MACHINE_TYPE })
  machineType?: string | null;

  @Field(() => String, { nullable: true, description: 'An accelerator, e.g. NVIDIA_TESLA_T4; null: none.' })
  acceleratorType?: string | null;

  @Field(() => Int, {
    nullable: true,
    description: 'How many in each machine, 1 to 16; null: one, where there is a type.',
  })
  acceleratorCount?: number | null;
}

@InputType()
abstract class BatchWorkInput extends PricedInput {
  @Field(() => Float, {
    nullable: true,
    description: 'Seconds that one replica takes for a batch; null: as past jobs of the model took on this machine.',
  })
  secondsPerBatch?: number | null;

  @Field(() => ID, {
    nullable: true,
    description: 'The model whose past jobs say how long a batch takes; null when secondsPerBatch does.',
  })
  model?: string | null;

  @Field(() => Int, { nullable: true, defaultValue: 64, description: 'Rows of a batch.' })
  batchSize?: number | null;

  @Field(() => Int, { nullable: true, defaultValue: 1, description: 'Replicas that share the batches.' })
  startingReplicaCount?: number | null;

  @Field(() => Float, {
    nullable: true,
    description: 'Minutes that each replica is billed before its first batch; null: as the price book says.',
  })
  startupMinutes?: number | null;
}

@InputType({ description: 'The figures of a batch prediction, to estimate its cost without a job.' })
export class BatchPredictionFiguresInput extends BatchWorkInput {
  @Field(() => BigIntScalar, { description: 'How many rows there are to predict for; none cost nothing.' })
  rows!: bigint;
}

@InputType({ description: 'A model deployed for online prediction, to be priced.' })
export class OnlinePredictionCostInput extends PricedInput {
  @MinNodes
  minNodes?: number | null;

  @MaxNodes
  maxNodes?: number | null;

  @AverageNodes
  averageNodes?: number | null;

  @Hours
  hours?: number | null;

  @Field(() => BigIntScalar, {
    nullable: true,
    description: 'Predictions made in these hours, to share the cost by; null: the cost of each is not asked.',
  })
  predictions?: bigint | null;
}

@InputType({ description: 'Predictions to be priced both ways.' })
export class ServingComparisonInput extends BatchWorkInput {
  @Field(() => BigIntScalar, { description: 'How many predictions are made in the hours; at least 1.' })
  predictions!: bigint;

  @Hours
  hours?: number | null;

  @MinNodes
  minNodes?: number | null;

  @MaxNodes
  maxNodes?: number | null;

  @AverageNodes
  averageNodes?: number | null;

  @Field(() => String, { nullable: true, description: 'The machine of the endpoint; null: machineType.' })
  onlineMachineType?: string | null;
}

@InputType({ description: 'So much of a meter of the price book.' })
export class UsageInput {
  @Field(() => String, { description: 'A meter of the price book (PriceBook.prices).' })
  meter!: string;

  @Field(() => String, { nullable: true, description: 'What of it; null: the first that the book has.' })
  resource?: string | null;

  @Field(() => Float, { description: 'How much, in the unit of the meter.' })
  quantity!: number;
}

@InputType({ description: 'A featurestore for a month, to be priced. What is not given is not used.' })
export class FeaturestoreCostInput {
  @PriceBookId
  priceBook?: string | null;

  @Field(() => String, {
    nullable: true,
    description: 'A kind of online store of the price book, e.g. vertex-bigtable; null: the first that it has.',
  })
  onlineStore?: string | null;

  @MinNodes
  minNodes?: number | null;

  @MaxNodes
  maxNodes?: number | null;

  @AverageNodes
  averageNodes?: number | null;

  @Hours
  hours?: number | null;

  @Field(() => Float, { nullable: true, description: 'Online storage in GiB (2^30 bytes); null: none.' })
  onlineStorageGib?: number | null;

  @Field(() => BigIntScalar, { nullable: true, description: 'Reads of the online store a month; null: none.' })
  readsPerMonth?: bigint | null;

  @Field(() => Float, { nullable: true, description: 'GiB a month that syncs copy into the online store; null: none.' })
  syncedGibPerMonth?: number | null;

  @Field(() => Float, { nullable: true, description: 'Offline storage in GiB (2^30 bytes); null: none.' })
  offlineStorageGib?: number | null;

  @Field(() => Float, {
    nullable: true,
    description: 'Offline storage in GiB of tables and partitions not changed for 90 days; null: none.',
  })
  offlineLongTermStorageGib?: number | null;

  @Field(() => Float, {
    nullable: true,
    description: 'TiB (2^40 bytes) a month that queries of the offline store scan; null: none.',
  })
  scannedTibPerMonth?: number | null;

  @Field(() => [UsageInput], { nullable: true, description: 'Anything else that the price book has a meter for.' })
  otherUsage?: UsageInput[] | null;
}

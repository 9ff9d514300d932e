import { Field, Float, ID, InputType, Int } from 'type-graphql';
import { BigIntScalar } from '../scalars/big-int.js';

const MACHINE_TYPE = 'A machine type of the price book, e.g. n1-standard-4. Null: the first machine type of the book.';

/* Decorators for fields of several inputs, because an input can extend only one class. */
const PriceBookId = Field(() => ID, {
  nullable: true,
  description:
    'The id of a price book, or a name: the newest book with that name. Null: the price book of the gateway.',
});
const MinNodes = Field(() => Int, {
  nullable: true,
  defaultValue: 1,
  description: 'The minimum number of nodes. 0: the deployment can scale to zero.',
});
const MaxNodes = Field(() => Int, {
  nullable: true,
  description: 'The maximum number of nodes. Null: minNodes.',
});
const AverageNodes = Field(() => Float, {
  nullable: true,
  description:
    'The average number of nodes, from minNodes to maxNodes. Null: maxNodes, so that the estimate is not too ' + 'low.',
});
const Hours = Field(() => Float, {
  nullable: true,
  defaultValue: 730,
  description: 'The hours that the nodes are deployed. The default is a month: 730 hours.',
});

/** An abstract class is not a type of the schema. */
@InputType()
abstract class PricedInput {
  @PriceBookId
  priceBook?: string | null;

  @Field(() => String, { nullable: true, description: MACHINE_TYPE })
  machineType?: string | null;

  @Field(() => String, {
    nullable: true,
    description: 'An accelerator type, e.g. NVIDIA_TESLA_T4. Null: no accelerator.',
  })
  acceleratorType?: string | null;

  @Field(() => Int, {
    nullable: true,
    description: 'The number of accelerators of each machine, from 1 to 16. Null: 1, if acceleratorType is set.',
  })
  acceleratorCount?: number | null;
}

@InputType()
abstract class BatchWorkInput extends PricedInput {
  @Field(() => Float, {
    nullable: true,
    description:
      'The seconds that one replica needs for a batch. Null: the median of the last five jobs of `model` on the ' +
      'same machine type.',
  })
  secondsPerBatch?: number | null;

  @Field(() => ID, {
    nullable: true,
    description: 'The id of a model: its past jobs give the seconds per batch. Null if secondsPerBatch is set.',
  })
  model?: string | null;

  @Field(() => Int, { nullable: true, defaultValue: 64, description: 'The number of rows in a batch.' })
  batchSize?: number | null;

  @Field(() => Int, { nullable: true, defaultValue: 1, description: 'The number of replicas that share the batches.' })
  startingReplicaCount?: number | null;

  @Field(() => Float, {
    nullable: true,
    description: 'The minutes that each replica is billed before its first batch. Null: the figure of the price book.',
  })
  startupMinutes?: number | null;
}

@InputType({ description: 'The figures of a batch prediction.' })
export class BatchPredictionFiguresInput extends BatchWorkInput {
  @Field(() => BigIntScalar, { description: 'The number of rows to predict for.' })
  rows!: bigint;
}

@InputType({ description: 'The figures of a model that is deployed for online prediction.' })
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
    description:
      'The number of predictions in these hours, for CostEstimate.perPrediction. Null: no cost per prediction.',
  })
  predictions?: bigint | null;
}

@InputType({ description: 'The figures of predictions that a batch job or an endpoint can make.' })
export class ServingComparisonInput extends BatchWorkInput {
  @Field(() => BigIntScalar, { description: 'The number of predictions in these hours, at least 1.' })
  predictions!: bigint;

  @Hours
  hours?: number | null;

  @MinNodes
  minNodes?: number | null;

  @MaxNodes
  maxNodes?: number | null;

  @AverageNodes
  averageNodes?: number | null;

  @Field(() => String, { nullable: true, description: 'The machine type of the endpoint. Null: machineType.' })
  onlineMachineType?: string | null;
}

@InputType({ description: 'A quantity of one meter of the price book.' })
export class UsageInput {
  @Field(() => String, { description: 'The name of the meter (Price.meter).' })
  meter!: string;

  @Field(() => String, {
    nullable: true,
    description: 'The resource of the meter (Price.resource). Null: the first resource of the book.',
  })
  resource?: string | null;

  @Field(() => Float, { description: 'The quantity, in units of the meter.' })
  quantity!: number;
}

@InputType({ description: 'The figures of a featurestore for one month. An omitted figure without a default is 0.' })
export class FeaturestoreCostInput {
  @PriceBookId
  priceBook?: string | null;

  @Field(() => String, {
    nullable: true,
    description: 'A kind of online store of the price book, e.g. vertex-bigtable. Null: the first kind of the book.',
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

  @Field(() => Float, { nullable: true, description: 'The size of the online store, in GiB (2^30 bytes). Null: 0.' })
  onlineStorageGib?: number | null;

  @Field(() => BigIntScalar, {
    nullable: true,
    description: 'The number of reads of the online store per month. Null: 0.',
  })
  readsPerMonth?: bigint | null;

  @Field(() => Float, {
    nullable: true,
    description: 'The data that syncs copy to the online store per month, in GiB. Null: 0.',
  })
  syncedGibPerMonth?: number | null;

  @Field(() => Float, { nullable: true, description: 'The size of the offline store, in GiB (2^30 bytes). Null: 0.' })
  offlineStorageGib?: number | null;

  @Field(() => Float, {
    nullable: true,
    description:
      'The size of offline tables and partitions that did not change for 90 days (long-term storage), in GiB. ' +
      'Null: 0.',
  })
  offlineLongTermStorageGib?: number | null;

  @Field(() => Float, {
    nullable: true,
    description: 'The data that queries of the offline store scan per month, in TiB (2^40 bytes). Null: 0.',
  })
  scannedTibPerMonth?: number | null;

  @Field(() => [UsageInput], {
    nullable: true,
    description: 'Quantities of other meters of the price book. Null: none.',
  })
  otherUsage?: UsageInput[] | null;
}

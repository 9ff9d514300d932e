import { Command, InvalidArgumentError } from 'commander';
import type { BatchPredictionCost } from '../../costs/batch-prediction-cost.js';
import type { WithPriceBook, CostEstimator, WithModel } from '../../costs/cost-estimator.js';
import type { FeaturestoreCost, OtherUsage } from '../../costs/featurestore-cost.js';
import type { OnlinePredictionCost } from '../../costs/online-prediction-cost.js';
import type { ServingComparisonRequest } from '../../costs/serving-comparison.js';
import { AppError } from '../../errors/app-error.js';
import { OperatorError } from '../../errors/operator-error.js';
import { comparisonTable, estimateTable } from '../cost-tables.js';
import { withEstimator } from '../cost-estimator.js';

type Write = (text: string) => void;

/**
 * `featuregraph estimate ...`: prints the API's estimate as a table. The options are the fields of the API's inputs, so
 * that commander's options are a valid input and the field of a refusal is an option.
 */
export function estimateCommand(write: Write): Command {
  const command = new Command('estimate').description('Estimate a cost. Starts nothing.');

  batchOptions(command.command('batch-prediction'))
    .description('Estimate a batch prediction job.')
    .requiredOption('--rows <number>', 'rows to predict for', integer)
    .action((job: BatchPredictionCost & WithModel & WithPriceBook) =>
      answer(job, async (estimator) => write(estimateTable(await estimator.batchPrediction(job)))),
    );

  nodeOptions(machineOptions(command.command('online-prediction')))
    .description('Estimate a model that is deployed to an endpoint.')
    .option('--predictions <number>', 'predictions in these hours, for the cost of one prediction', integer)
    .action((endpoint: OnlinePredictionCost & WithPriceBook) =>
      answer({}, async (estimator) => write(estimateTable(await estimator.onlinePrediction(endpoint)))),
    );

  nodeOptions(command.command('featurestore'))
    .description('Estimate a featurestore for a month.')
    .option('--online-store <kind>', 'a kind of online store of the price book (default: its first)')
    .option('--online-storage-gib <number>', 'online storage in GiB', number)
    .option('--reads-per-month <number>', 'online reads', integer)
    .option('--synced-gib-per-month <number>', 'GiB that syncs copy into the online store', number)
    .option('--offline-storage-gib <number>', 'offline storage in GiB', number)
    .option(
      '--offline-long-term-storage-gib <number>',
      'offline storage in GiB of tables without changes for 90 days',
      number,
    )
    .option('--scanned-tib-per-month <number>', 'TiB that queries of the offline store scan', number)
    .option(
      '--other-usage <meter[/resource]=number>',
      'the usage of another meter of the price book; repeatable',
      otherUsage,
    )
    .action((store: FeaturestoreCost & WithPriceBook) =>
      answer({}, async (estimator) => write(estimateTable(await estimator.featurestore(store)))),
    );

  nodeOptions(batchOptions(command.command('compare')))
    .description('Compare the costs of a batch job and an endpoint for the same predictions.')
    .requiredOption('--predictions <number>', 'predictions in these hours', integer)
    .option('--online-machine-type <type>', 'the machine of the endpoint (default: --machine-type)')
    .option('--times <ratio>', 'also print the volume up to which batch is this many times cheaper', number)
    .action((request: ServingComparisonRequest & WithModel & WithPriceBook & { times?: number }) =>
      answer(request, async (estimator) =>
        write(comparisonTable(await estimator.compareServing(request), request.times)),
      ),
    );

  return command;
}

function machineOptions(command: Command): Command {
  return command
    .option('--price-book <name>', 'a price book by id or name (default: FEATUREGRAPH_PRICE_BOOK)')
    .option('--machine-type <type>', 'a machine of the price book (default: its first)')
    .option('--accelerator-type <type>', 'an accelerator in each machine (default: none)')
    .option('--accelerator-count <number>', 'accelerators in each machine (default: 1)', number);
}

function batchOptions(command: Command): Command {
  return machineOptions(command)
    .option('--seconds-per-batch <seconds>', 'seconds that one replica needs for a batch', number)
    .option('--model <name>', 'take the seconds per batch from past jobs of this model')
    .option('--batch-size <rows>', 'rows of a batch (default: 64)', number)
    .option('--starting-replica-count <number>', 'replicas that share the batches (default: 1)', number)
    .option(
      '--startup-minutes <minutes>',
      'billed minutes of each replica before its first batch (default: of the price book)',
      number,
    );
}

function nodeOptions(command: Command): Command {
  if (!command.options.some(({ long }) => long === '--price-book')) {
    command.option('--price-book <name>', 'a price book by id or name (default: FEATUREGRAPH_PRICE_BOOK)');
  }
  return command
    .option('--min-nodes <number>', 'minimum number of nodes (default: 1)', number)
    .option('--max-nodes <number>', 'maximum number of nodes with autoscaling (default: --min-nodes)', number)
    .option('--average-nodes <number>', 'average number of nodes (default: --max-nodes)', number)
    .option('--hours <number>', 'hours for which the nodes exist (default: 730, a month)', number);
}

async function answer({ model }: WithModel, use: (estimator: CostEstimator) => Promise<void>): Promise<void> {
  try {
    await withEstimator(model ?? undefined, use);
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    const { field } = error.details;
    throw new OperatorError(field === undefined ? error.message : `${toOptionName(field)}: ${error.message}`, [], {
      cause: error,
    });
  }
}

/** --other-usage gives `otherUsage[0].meter`. */
function toOptionName(field: string): string {
  return `--${field.replace(/[[.].*$/, '').replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

function number(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || Number.isNaN(value)) throw new InvalidArgumentError('Not a number.');
  return value;
}

function integer(text: string): bigint {
  if (!/^-?\d{1,30}$/.test(text)) throw new InvalidArgumentError('Not a whole number.');
  return BigInt(text);
}

function otherUsage(text: string, before: OtherUsage[] | undefined): OtherUsage[] {
  const [, meter, resource, quantity] = /^([^/=]+)(?:\/([^=]+))?=(.+)$/.exec(text) ?? [];
  if (meter === undefined || quantity === undefined) throw new InvalidArgumentError('Not meter=number.');
  return [...(before ?? []), { meter, resource: resource ?? null, quantity: number(quantity) }];
}

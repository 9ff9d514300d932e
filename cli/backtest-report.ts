import Table from 'cli-table3';
import type { GatewayClient } from './gateway-client.js';
import { figure } from './statistics-tables.js';

type Numbers = readonly (number | null)[] | null;

interface Backtest {
  readonly series?: {
    readonly from: readonly string[];
    readonly rows: readonly string[];
    readonly scored: readonly string[];
    readonly meanAbsoluteError: Numbers;
    readonly rootMeanSquaredError: Numbers;
    readonly bias: Numbers;
    readonly accuracy: Numbers;
    readonly logLoss: Numbers;
    readonly areaUnderRocCurve: Numbers;
    readonly precision: Numbers;
    readonly recall: Numbers;
  } | null;
  readonly drift?: readonly { readonly input: string; readonly distances: readonly (number | null)[] }[] | null;
}

const QUERY = `query ($id: ID!) { job(id: $id) { ... on BacktestJob {
  series { from rows scored meanAbsoluteError rootMeanSquaredError bias accuracy logLoss areaUnderRocCurve precision recall }
  drift { input distances } } } }`;

/** The metrics of a backtest, a line for each window; no text for other jobs and for a backtest that did not succeed. */
export async function backtestReport(gateway: GatewayClient, id: string): Promise<string> {
  const { job } = await gateway.ask<{ readonly job: Backtest }>(QUERY, { id });
  const { series, drift } = job;
  if (!series) return '';
  const metrics = (
    [
      ['MAE', series.meanAbsoluteError],
      ['RMSE', series.rootMeanSquaredError],
      ['bias', series.bias],
      ['accuracy', series.accuracy],
      ['log loss', series.logLoss],
      ['AUC', series.areaUnderRocCurve],
      ['precision', series.precision],
      ['recall', series.recall],
    ] as const
  ).flatMap(([name, numbers]) => (numbers === null ? [] : [{ name, numbers }]));
  const head = ['from', 'rows', 'scored', ...metrics.map(({ name }) => name), 'most drift'];
  const table = new Table({ head, style: { head: [], border: [] } });
  series.from.forEach((from, window) => {
    const numbers = metrics.map((metric) => figure(metric.numbers[window] ?? null));
    table.push([from, series.rows[window]!, series.scored[window]!, ...numbers, mostDrift(drift ?? [], window)]);
  });
  return `${table.toString()}\n`;
}

/** The input with the greatest distance in a window. */
function mostDrift(drift: NonNullable<Backtest['drift']>, window: number): string {
  const found = drift
    .flatMap(({ input, distances }) => {
      const distance = distances[window] ?? null;
      return distance === null ? [] : [{ input, distance }];
    })
    .sort((one, other) => other.distance - one.distance);
  const [most] = found;
  if (most === undefined) return '';
  // No input stands out where none has changed, as in the window that is the baseline.
  return most.distance === 0 ? '0' : `${most.input} ${figure(most.distance)}`;
}

import { readFile } from 'node:fs/promises';
import { InvalidArgumentError, type Command } from 'commander';
import { OperatorError } from '../errors/operator-error.js';
import { ESTIMATE_FIELDS, estimateText, type EstimateResponse } from './estimate-response.js';
import type { GatewayClient } from './gateway-client.js';
import { gatewayAt, tokenOption, urlOption } from './gateway-client.js';
import { watchJob } from './watch-job.js';

/** The options of every command that starts a job. */
export interface StartOptions {
  readonly url: string;
  readonly token?: string;
  readonly watch: boolean;
  readonly input?: string;
  readonly label?: readonly string[];
  readonly idempotencyKey?: string;
  readonly maxCostUsd?: number;
  readonly cancelAboveUsd?: number;
  /** The options of jobs that write an output of their own, and whose cost a query estimates. */
  readonly estimate?: boolean;
  readonly name?: string;
  readonly output?: string;
  readonly outputFormat?: string;
}

export function addOutputOptions(command: Command): Command {
  return command
    .option('--output <location>', 'the location of the result: a path in the folder for files, or a table')
    .option('--output-format <format>', 'the format of the result')
    .option('--name <name>', 'the display name of the job')
    .option('--estimate', 'only print the cost estimate; starts nothing');
}

export function addStartOptions(command: Command): Command {
  return command
    .option('--label <key=value...>', 'labels of the job')
    .option('--idempotency-key <key>', 'the same key never starts a second job')
    .option('--max-cost-usd <dollars>', 'refuse the job if its estimate is above this', dollars)
    .option('--cancel-above-usd <dollars>', 'cancel the running job when it has cost more than this', dollars)
    .option('--input <file>', 'a JSON file with the whole input of the mutation; other options override it')
    .addOption(urlOption())
    .addOption(tokenOption())
    .option('--no-watch', 'only start the job and print its id');
}

export interface StartRequest {
  readonly mutation: string;
  readonly inputType: string;
  /** Absent: no query estimates the cost of such a job. */
  readonly estimate?: EstimateRequest;
  /** Whether the job itself has an estimated cost, which is printed when it starts. */
  readonly reportsCost?: boolean;
  /** The fields from options; undefined: not given. */
  readonly input: Readonly<Record<string, unknown>>;
  /** The defaults where neither an option nor the input file gives a value. */
  readonly defaults?: Readonly<Record<string, unknown>>;
}

/** The query that estimates the cost of the job, and the conversion of the mutation's input to its input. */
export interface EstimateRequest {
  readonly query: string;
  readonly inputType: string;
  readonly toInput: (input: Readonly<Record<string, unknown>>) => unknown;
}

/**
 * Prints the estimated cost of a job, starts it by a mutation, prints its id and watches it unless told not to. With
 * --estimate it ends after the estimate.
 */
export async function startJob(
  { mutation, inputType, estimate, reportsCost = false, input, defaults = {} }: StartRequest,
  options: StartOptions,
): Promise<void> {
  const gateway = gatewayAt(options);
  const whole = await wholeInput([input, commonInput(options)], options, defaults);
  if (estimate) {
    const estimated = estimateText(await askEstimate(gateway, estimate, whole));
    if (options.estimate) {
      process.stdout.write(estimated);
      return;
    }
    // Not on standard output, which has only the id, for the next command.
    process.stderr.write(estimated);
  }
  const cost = reportsCost ? `estimatedCost { ${ESTIMATE_FIELDS} }` : '';
  const query = `mutation ($input: ${inputType}!) {
    ${mutation}(input: $input) { job { id ${cost} } userErrors { message field } } }`;
  const answer = await gateway.ask<Readonly<Record<string, Payload>>>(query, { input: whole });
  const { job = null, userErrors = [] } = answer[mutation] ?? {};
  if (!job) {
    throw new OperatorError(
      'The gateway refused this:',
      userErrors.map(({ message, field }) => (field ? `${field.join('.')}: ${message}` : message)),
    );
  }
  process.stdout.write(`${job.id}\n`);
  if (job.estimatedCost) process.stderr.write(estimateText(job.estimatedCost));
  if (options.watch) await watchJob(gateway, job.id);
}

async function askEstimate(
  gateway: GatewayClient,
  { query, inputType, toInput }: EstimateRequest,
  whole: Readonly<Record<string, unknown>>,
): Promise<EstimateResponse> {
  const answer = await gateway.ask<Readonly<Record<string, EstimateResponse>>>(
    `query ($input: ${inputType}!) { ${query}(input: $input) { ${ESTIMATE_FIELDS} } }`,
    { input: toInput(whole) },
  );
  return answer[query]!;
}

interface Payload {
  readonly job: { readonly id: string; readonly estimatedCost?: EstimateResponse | null } | null;
  readonly userErrors: readonly { readonly message: string; readonly field: readonly string[] | null }[];
}

/** The fields of a file, overridden by those of options. */
async function wholeInput(
  said: readonly Readonly<Record<string, unknown>>[],
  { input: file }: StartOptions,
  defaults: Readonly<Record<string, unknown>>,
): Promise<Record<string, unknown>> {
  const given = file === undefined ? {} : await readInput(file);
  return [given, ...said].reduce<Record<string, unknown>>(merged, defaults);
}

function commonInput({
  name,
  label,
  idempotencyKey,
  maxCostUsd,
  cancelAboveUsd,
  output,
  outputFormat,
}: StartOptions): Record<string, unknown> {
  return {
    displayName: name,
    labels: label && Object.fromEntries(label.map(keyAndValue)),
    idempotencyKey,
    maxCostUsd,
    cancelAboveUsd,
    output: (output ?? outputFormat) && { location: output, format: outputFormat?.toUpperCase() },
  };
}

function dollars(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !(value >= 0)) throw new InvalidArgumentError('It is a number of dollars.');
  return value;
}

function keyAndValue(label: string): [string, string] {
  const at = label.indexOf('=');
  if (at < 1) throw new OperatorError(`--label ${label}: write it as key=value.`);
  return [label.slice(0, at), label.slice(at + 1)];
}

async function readInput(file: string): Promise<Record<string, unknown>> {
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    throw new OperatorError(
      `--input ${file} cannot be read.`,
      ['Name a JSON file with the input of the mutation. A relative path begins in the current folder.'],
      { cause: error },
    );
  });
  return parseObject(text, `--input ${file}`);
}

/** Parses a JSON object from a text of the operator. `where` names the text in the error. */
export function parseObject(text: string, where: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    if (isObject(value)) return value;
  } catch {
    // The error is thrown below.
  }
  throw new OperatorError(`${where} is no JSON object.`);
}

/** Merges two inputs; the second overrides the first. undefined fields do not override. */
function merged(
  first: Readonly<Record<string, unknown>>,
  second: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  const result: Record<string, unknown> = { ...first };
  for (const [key, value] of Object.entries(second)) {
    const before = result[key];
    if (isObject(value)) result[key] = merged(isObject(before) ? before : {}, value);
    else if (value !== undefined) result[key] = value;
  }
  return result;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

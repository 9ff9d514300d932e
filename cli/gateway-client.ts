import { Option } from 'commander';
import type { GraphQLFormattedError } from 'graphql';
import { createClient } from 'graphql-ws';
import { WebSocket } from 'ws';
import { clientToken } from '../config/client-token.js';
import { clientUrl } from '../config/client-url.js';
import { OperatorError } from '../errors/operator-error.js';

/** The API's id of a job, from the text that a person typed. */
export function jobName(id: string): string {
  return id.startsWith('jobs/') ? id : `jobs/${id}`;
}

/** A job as the command line prints it. */
export interface JobSnapshot {
  readonly id: string;
  readonly state: string;
  readonly error: { readonly code: string; readonly message: string } | null;
  readonly progress: {
    /** Digits: BigInt is a string in JSON. */
    readonly completed: string;
    readonly failed: string;
    readonly total: string | null;
    readonly percent: number | null;
    readonly ratePerSecond: number | null;
    readonly remainingSeconds: number | null;
  };
}

const JOB = `id state error { code message }
  progress { completed failed total percent ratePerSecond remainingSeconds }`;

/**
 * How long a gateway may be unreachable while a job is watched: during a restart, the job continues. About five
 * minutes.
 */
const RETRIES = 12;

/** A running gateway, as any client uses it. */
export class GatewayClient {
  /** The header that says who asks; none without a token. */
  readonly authorization: { readonly authorization?: string };

  constructor(
    private readonly url: string,
    token: string | null = null,
  ) {
    this.authorization = token === null ? {} : { authorization: `Bearer ${token}` };
  }

  /** Sends a request by HTTP. A refusal and an unreachable gateway are an OperatorError. */
  async ask<Data>(query: string, variables: Readonly<Record<string, unknown>>): Promise<Data> {
    const response = await fetch(this.url, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        accept: 'application/graphql-response+json',
        ...this.authorization,
      },
      body: JSON.stringify({ query, variables }),
    }).catch((error: unknown) => {
      throw new OperatorError(`No gateway answers at ${this.url}. Start one, or say with --url where it is.`, [], {
        cause: error,
      });
    });
    const answer = (await response.json().catch(() => {
      throw new OperatorError(`The server at ${this.url} is not a featuregraph gateway (HTTP ${response.status}).`);
    })) as Answer<Data>;
    return unwrapData(answer);
  }

  async job(id: string): Promise<JobSnapshot> {
    return (await this.ask<{ job: JobSnapshot }>(`query ($id: ID!) { job(id: $id) { ${JOB} } }`, { id })).job;
  }

  /** The current job, then each change, until it ends; it survives a gateway that disconnects and returns. */
  async *follow(id: string): AsyncGenerator<JobSnapshot, void> {
    // A missing job or gateway is reported at once, and not after all retries.
    await this.job(id);
    const client = createClient({
      url: this.url.replace(/^http/, 'ws'),
      webSocketImpl: WebSocket,
      retryAttempts: RETRIES,
      connectionParams: this.authorization,
    });
    const query = `subscription ($id: ID!) { jobProgress(id: $id) { ${JOB} } }`;
    try {
      for await (const result of client.iterate<{ jobProgress: JobSnapshot }>({ query, variables: { id } })) {
        yield unwrapData(result).jobProgress;
      }
    } catch (error) {
      throw error instanceof Error
        ? error
        : new OperatorError(`The gateway at ${this.url} went away: ${closing(error)}`);
    } finally {
      await client.dispose();
    }
  }
}

/** The options of every command that calls a gateway. */
export interface GatewayOptions {
  readonly url: string;
  readonly token?: string;
}

/** A gateway and its commands often have one environment: its PORT is then the default of both. */
export function urlOption(): Option {
  return new Option('--url <url>', 'the gateway').default(clientUrl());
}

/** Other users of the machine see the options of a command, and not its environment. */
export function tokenOption(): Option {
  return new Option(
    '--token <token>',
    'the token or API key. Prefer FEATUREGRAPH_TOKEN: other users can see arguments',
  );
}

export function gatewayAt({ url, token }: GatewayOptions): GatewayClient {
  return new GatewayClient(toEndpoint(url), token ?? clientToken());
}

/** People write the origin alone too: the gateway answers GraphQL at one path. */
function toEndpoint(url: string): string {
  const parsed = URL.parse(url);
  return parsed?.pathname === '/' ? new URL('/graphql', parsed).href : url;
}

interface Answer<Data> {
  readonly data?: Data | null | undefined;
  readonly errors?: readonly GraphQLFormattedError[] | undefined;
}

function unwrapData<Data>({ data, errors }: Answer<Data>): Data {
  if (data && !errors?.length) return data;
  const faults = (errors ?? []).map(({ message, extensions }) => {
    const field = extensions?.field;
    const code = typeof extensions?.code === 'string' ? `${extensions.code}: ` : '';
    return code + (typeof field === 'string' ? `${field}: ${message}` : message);
  });
  if (errors?.some(({ extensions }) => extensions?.code === 'UNAUTHENTICATED')) {
    faults.push('The commands send the token of FEATUREGRAPH_TOKEN or --token (docs/authentication.md).');
  }
  throw new OperatorError('The gateway refused this:', faults.length > 0 ? faults : ['no reason was given']);
}

/** graphql-ws throws the errors of the operation, or the event of the closed socket. */
function closing(error: unknown): string {
  if (Array.isArray(error)) return error.map(({ message }: { message: string }) => message).join(' ');
  const { code, reason } = error as { code?: number; reason?: string };
  return [code, reason].filter(Boolean).join(' ');
}

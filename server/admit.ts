import type { IncomingMessage } from 'node:http';
import type { Authenticator } from '../auth/authenticator.js';
import { credentialsOf, type Credentials } from '../auth/credentials.js';
import type { Principal } from '../auth/principal.js';
import type { FailedAuthentications } from '../auth/failed-authentications.js';
import type { Session } from '../auth/session.js';
import { AppError } from '../errors/app-error.js';
import type { PrincipalRates } from '../limits/principal-rates.js';
import type { AuthenticationOutcome, GatewayMetrics } from '../observability/gateway-metrics.js';
import { requestScope } from '../observability/request-scope.js';

/** What decides whether a request comes in. */
export interface Admittance {
  readonly authenticator: Authenticator;
  readonly rates: PrincipalRates;
  /** Absent: refused credentials are not counted. */
  readonly failures?: FailedAuthentications;
  readonly metrics: GatewayMetrics;
}

/** Who asks. Counts the outcome. */
export async function authenticate(
  { authenticator, metrics, failures }: Pick<Admittance, 'authenticator' | 'metrics' | 'failures'>,
  credentials: Credentials,
): Promise<Session> {
  try {
    const session = await authenticator.authenticate(failures?.guard(credentials) ?? credentials);
    metrics.authentication(session.principal.kind, 'ok');
    return session;
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    metrics.authentication('none', outcomeOf(error));
    throw failures?.refuse(credentials, error) ?? error;
  }
}

const OUTCOMES: Readonly<Record<string, AuthenticationOutcome>> = {
  NONE: 'none',
  INVALID: 'invalid',
  EXPIRED: 'expired',
};

function outcomeOf({ details }: AppError): AuthenticationOutcome {
  return OUTCOMES[String(details.reason)] ?? 'unavailable';
}

/** Who asks, by an HTTP request. Refuses a request without valid credentials, and one too many of its principal. */
export async function admit(options: Admittance, request: IncomingMessage): Promise<Session> {
  const session = await authenticate(options, credentialsOf(request));
  const scope = requestScope.getStore();
  if (scope) scope.principal = session.principal.name;
  takeRequest(options.rates, session.principal);
  return session;
}

/** Every client is `anonymous` in the mode `open`: a limit would be one for all together. */
export function takeRequest(rates: PrincipalRates, { name, kind }: Principal): void {
  if (kind !== 'ANONYMOUS') rates.takeRequest(name);
}

export async function takeRows(
  rates: PrincipalRates,
  { name, kind }: Principal,
  rows: number,
  signal: AbortSignal,
): Promise<void> {
  if (kind !== 'ANONYMOUS') await rates.takeRows(name, rows, signal);
}

/** Who shares a place in a fair order: the requests of a principal, from wherever they come, or of an address. */
export function ownerOf({ name, kind }: Principal, remoteAddress: string | undefined): string {
  return kind === 'ANONYMOUS' ? `address ${remoteAddress ?? ''}` : name;
}

import type { Clock } from '../values/clock.js';
import type { ApiKeys } from './api-keys/api-keys.js';
import { isApiKey } from './api-keys/api-key.js';
import type { ClientAddresses } from './client-addresses.js';
import type { ClientCertificates } from './client-certificates.js';
import { readBearer, type Credentials } from './credentials.js';
import type { CloudRunTokens } from './tokens/cloud-run-tokens.js';
import { GOOGLE_PREFIXES, type IapTokens } from './tokens/google.js';
import type { BearerTokens } from './tokens/bearer-tokens.js';
import { ANONYMOUS, type Principal } from './principal.js';
import { sessionOf, type Session } from './session.js';
import { invalid, unauthenticated } from './unauthenticated.js';

/** Says who asks. Rejects with UNAUTHENTICATED; never answers "anonymous" for credentials that it does not accept. */
export interface Authenticator {
  /** Whether every client is the principal `anonymous`. */
  readonly isOpen: boolean;
  readonly authenticate: (credentials: Credentials) => Promise<Session>;
  /** Whether the request brings credentials, right or wrong. A WebSocket may bring them later. */
  readonly hasCredentials: (credentials: Credentials) => boolean;
  /** The headers, in lower case, that say who asks. */
  readonly identifyingHeaders: readonly string[];
  /** Sentences about what the methods accept, in the order in which they are looked at, for the log. */
  readonly methods: readonly string[];
  /** Whether a principal can have this name now. */
  readonly canOccur: (name: string) => boolean;
  /** The address of the client: a proxy that the configuration names can say it. */
  readonly addressOf: (credentials: Credentials) => string;
  readonly close: () => void;
}

const ANONYMOUS_SESSION: Session = { principal: ANONYMOUS, onEnd: () => () => undefined };

/** The mode `open`: requests are not authenticated. A token is ignored, because nothing can verify it. */
export const OPEN_AUTHENTICATOR: Authenticator = {
  isOpen: true,
  authenticate: async () => ANONYMOUS_SESSION,
  hasCredentials: () => true,
  identifyingHeaders: [],
  methods: [],
  canOccur: (name) => name === ANONYMOUS.name,
  addressOf: ({ remoteAddress }) => remoteAddress,
  close: () => undefined,
};

/** The configured methods; absent: not accepted. */
export interface Methods {
  readonly iap?: IapTokens | undefined;
  readonly cloudRun?: CloudRunTokens | undefined;
  readonly bearer?: BearerTokens | undefined;
  readonly apiKeys?: ApiKeys | undefined;
  readonly certificates?: ClientCertificates | undefined;
}

/**
 * Looks at the methods in a fixed order: Google IAP's assertion, the header of Cloud Run, `Authorization`, the client
 * certificate. The first that the request has credentials for decides. If they are not right, the request is refused: the
 * next method is not tried, so that no client becomes another by sending credentials that are wrong.
 */
export class MethodAuthenticator implements Authenticator {
  readonly isOpen = false;

  constructor(
    private readonly accepted: Methods,
    private readonly clock: Clock,
    private readonly addresses: ClientAddresses,
  ) {}

  get methods(): readonly string[] {
    const { iap, cloudRun, bearer, apiKeys, certificates } = this.accepted;
    return [iap, cloudRun, bearer, apiKeys, certificates].flatMap((method) => method?.description ?? []);
  }

  async authenticate(credentials: Credentials): Promise<Session> {
    const { iap, cloudRun, certificates } = this.accepted;
    const { beforeVerify } = credentials;
    const assertion = iap?.read(credentials);
    if (iap && assertion !== undefined) return this.#session(await iap.verify(assertion, beforeVerify));
    const forwarded = cloudRun?.read(credentials);
    if (cloudRun && forwarded !== undefined) return this.#session(await cloudRun.verify(forwarded, beforeVerify));
    const token = readBearer(credentials);
    if (token !== undefined) return this.#bearer(token, beforeVerify);
    const subject = certificates?.read(credentials);
    if (certificates && subject !== undefined) return this.#session(certificates.principal(subject));
    throw unauthenticated('NONE', `The request has no credentials. ${this.#remedy()}`);
  }

  hasCredentials(credentials: Credentials): boolean {
    // A proxy that verifies certificates says so of each request, also of one without a certificate, and can send an empty header.
    const verdict = this.accepted.certificates?.verifiedHeader;
    return this.identifyingHeaders.some(
      (name) => name !== verdict && credentials.header(name).some((value) => value.trim() !== ''),
    );
  }

  get identifyingHeaders(): readonly string[] {
    const { iap, certificates, cloudRun } = this.accepted;
    const ofCloudRun = cloudRun ? [cloudRun.header] : [];
    return [...(iap?.headers ?? []), ...(certificates?.headers ?? []), ...ofCloudRun, 'authorization'];
  }

  readonly canOccur = (name: string): boolean => {
    const { iap, cloudRun, bearer, apiKeys, certificates } = this.accepted;
    const prefix = name.slice(0, name.indexOf(':') + 1);
    if (prefix === 'key:') return apiKeys?.principals.includes(name) ?? false;
    if (prefix === 'certificate:') return certificates !== undefined;
    if ((iap ?? cloudRun) && GOOGLE_PREFIXES.includes(prefix)) return true;
    return bearer?.prefixes.includes(prefix) ?? false;
  };

  readonly addressOf = (credentials: Credentials): string => this.addresses.of(credentials);

  close(): void {
    this.accepted.apiKeys?.close();
  }

  async #bearer(token: string, beforeVerify?: () => void): Promise<Session> {
    const { apiKeys, bearer } = this.accepted;
    if (isApiKey(token)) {
      if (!apiKeys) throw invalid('This gateway does not accept API keys.');
      return apiKeys.verify(token);
    }
    if (!bearer) throw invalid('This gateway does not accept tokens of this form in "Authorization".');
    return this.#session(await bearer.verify(token, beforeVerify));
  }

  #session(principal: Principal): Session {
    return sessionOf(principal, this.clock);
  }

  #remedy(): string {
    const { iap, cloudRun, bearer, apiKeys } = this.accepted;
    if (bearer ?? apiKeys) return 'Send "Authorization: Bearer <token>".';
    if (iap ?? cloudRun) return "Call the address that Google's proxy protects.";
    return 'Call it through the proxy that checks client certificates.';
  }
}

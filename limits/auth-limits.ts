/** Limits of authentication (docs/limits.md). */
export const AUTH_LIMITS = {
  /** Node refuses a head of a request over 16 KiB. A WebSocket's token has the same limit as one in a header. */
  maxTokenLength: 8_192,
  /** A distinguished name of a certificate is the longest name. It is a part of job records and log lines. */
  maxNameLength: 500,
  /** Policy looks at each of them. Providers put up to 200 into a token. */
  maxGroups: 1_000,
  /** A value of a claim that policy matches: a tenant, a department. */
  maxClaimLength: 500,
  /** Verified tokens that are remembered: some 10 MB. A signature costs 50 to 200 microseconds. */
  maxRememberedTokens: 10_000,
  /** A remembered token does not outlive its key by more than this. */
  maxRememberedMs: 600_000,
  /** How old the keys of a provider become before they are read again. */
  keysRefreshMs: 600_000,
  /** While the provider does not answer, older keys are used, up to this age. */
  keysMaxAgeMs: 86_400_000,
  /** A token with an unknown key reads the keys again, at most this often: a client can invent any number of them. */
  keysCooldownMs: 30_000,
  /** A provider that takes longer than this does not answer. */
  providerTimeoutMs: 5_000,
  /** The description of a provider. */
  maxDiscoveryBytes: 262_144,
  /** How soon a running gateway sees a key that was made or revoked. */
  keysFilePollMs: 1_000,
  /** All are in memory. */
  maxApiKeys: 10_000,
  /** Refused credentials of one address in a minute. After that, no signature of it is checked until the minute ends. */
  maxFailedPerMinute: 100,
  /** Addresses whose refused credentials are counted. */
  maxFailedAddresses: 10_000,
} as const;

import { z } from 'zod';

/** The variables of TLS. */
export const tlsVariables = {
  FEATUREGRAPH_TLS_CERTIFICATE: z
    .string()
    .min(1)
    .optional()
    .describe(
      'The path of a PEM certificate with its intermediate certificates. The gateway then serves only HTTPS, and reloads a renewed certificate without a restart. Empty: HTTP.',
    ),
  FEATUREGRAPH_TLS_KEY: z
    .string()
    .min(1)
    .optional()
    .describe('The path of the private key of the certificate, in PEM.'),
  FEATUREGRAPH_TLS_MIN_VERSION: z
    .enum(['TLSv1.2', 'TLSv1.3'])
    .default('TLSv1.2')
    .describe('The lowest accepted version of TLS: TLSv1.2 or TLSv1.3.'),
} satisfies Record<string, z.ZodType>;

interface Variables {
  readonly FEATUREGRAPH_TLS_CERTIFICATE?: string | undefined;
  readonly FEATUREGRAPH_TLS_KEY?: string | undefined;
  readonly FEATUREGRAPH_TLS_MIN_VERSION: 'TLSv1.2' | 'TLSv1.3';
}

/** Serving HTTP to those who asked for HTTPS would be worse than not serving. */
export function refuseHalfOfTls(
  variables: Pick<Variables, 'FEATUREGRAPH_TLS_CERTIFICATE' | 'FEATUREGRAPH_TLS_KEY'>,
  context: z.RefinementCtx,
): void {
  const isSet = (name: keyof typeof variables): boolean => variables[name] !== undefined;
  const names = ['FEATUREGRAPH_TLS_CERTIFICATE', 'FEATUREGRAPH_TLS_KEY'] as const;
  const missing = names.filter((name) => !isSet(name));
  if (missing.length !== 1) return;
  context.addIssue({
    code: 'custom',
    path: missing,
    message: 'TLS needs a certificate and its key. This one is missing.',
  });
}

/** null: HTTP. */
export function toTls({
  FEATUREGRAPH_TLS_CERTIFICATE: certificate,
  FEATUREGRAPH_TLS_KEY: key,
  FEATUREGRAPH_TLS_MIN_VERSION: minVersion,
}: Variables) {
  return certificate === undefined || key === undefined ? null : { certificate, key, minVersion };
}

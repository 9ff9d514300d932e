import { z } from 'zod';

/** The variables of the log of served values (docs/served-log.md). */
export const servedLogVariables = {
  FEATUREGRAPH_SERVED_LOG_SAMPLE_RATE: z.coerce
    .number()
    .min(0)
    .max(1)
    .default(0)
    .describe(
      'The share of requests whose online reads are kept in the log of served values (docs/served-log.md), from 0 to 1. A usual value is 0.01. 0: nothing is kept.',
    ),
  FEATUREGRAPH_SERVED_LOG_RETENTION_HOURS: z.coerce
    .number()
    .int()
    .min(1)
    .max(87_600)
    .default(720)
    .describe('The hours that the log of served values keeps a read.'),
  FEATUREGRAPH_SERVED_LOG_MAX_BYTES: z.coerce
    .number()
    .int()
    .min(1_048_576)
    .default(1_073_741_824)
    .describe('The maximum size of the log of served values, in bytes. The oldest reads are removed first.'),
  FEATUREGRAPH_SERVED_LOG_MAX_ROWS: z.coerce
    .number()
    .int()
    .min(1)
    .max(10_000)
    .default(100)
    .describe('The maximum number of entities that the log of served values keeps of one read; of more, a sample.'),
  FEATUREGRAPH_SERVED_LOG_PERSONAL: z
    .enum(['true', 'false'])
    .transform((text) => text === 'true')
    .default(false)
    .describe('Keep the values of features of sensitivity PERSONAL in the log of served values too.'),
} satisfies Record<string, z.ZodType>;

export interface ServedLogConfig {
  readonly sampleRate: number;
  readonly retentionHours: number;
  readonly maxBytes: number;
  readonly maxRows: number;
  readonly hasPersonal: boolean;
}

interface Variables {
  readonly FEATUREGRAPH_SERVED_LOG_SAMPLE_RATE: number;
  readonly FEATUREGRAPH_SERVED_LOG_RETENTION_HOURS: number;
  readonly FEATUREGRAPH_SERVED_LOG_MAX_BYTES: number;
  readonly FEATUREGRAPH_SERVED_LOG_MAX_ROWS: number;
  readonly FEATUREGRAPH_SERVED_LOG_PERSONAL: boolean;
}

/** The log is in the data folder of one gateway: of several, each would erase and compare only a part of what was served. */
export function refuseSharedServedLog(
  variables: Pick<Variables, 'FEATUREGRAPH_SERVED_LOG_SAMPLE_RATE'> & { readonly FEATUREGRAPH_JOBS_TABLE?: unknown },
  context: z.RefinementCtx,
): void {
  if (variables.FEATUREGRAPH_SERVED_LOG_SAMPLE_RATE === 0 || variables.FEATUREGRAPH_JOBS_TABLE === undefined) return;
  context.addIssue({
    code: 'custom',
    path: ['FEATUREGRAPH_SERVED_LOG_SAMPLE_RATE'],
    message:
      'the log of served values is for one gateway, because it is in its data folder. With FEATUREGRAPH_JOBS_TABLE, set it to 0',
  });
}

export function toServedLog(variables: Variables): ServedLogConfig {
  return {
    sampleRate: variables.FEATUREGRAPH_SERVED_LOG_SAMPLE_RATE,
    retentionHours: variables.FEATUREGRAPH_SERVED_LOG_RETENTION_HOURS,
    maxBytes: variables.FEATUREGRAPH_SERVED_LOG_MAX_BYTES,
    maxRows: variables.FEATUREGRAPH_SERVED_LOG_MAX_ROWS,
    hasPersonal: variables.FEATUREGRAPH_SERVED_LOG_PERSONAL,
  };
}

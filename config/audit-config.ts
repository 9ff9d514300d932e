import { z } from 'zod';

/** The variables of the audit log (docs/audit.md). */
export const auditVariables = {
  FEATUREGRAPH_AUDIT_FOLDER: z
    .string()
    .min(1)
    .optional()
    .describe('The folder of the audit log (docs/audit.md), for this gateway alone. Empty: there is no audit log.'),
  FEATUREGRAPH_AUDIT_KEY_FILE: z
    .string()
    .min(1)
    .optional()
    .describe(
      'The file of the key of the audit log: 64 hexadecimal digits. Empty: the gateway makes the file "key" in the folder of the log.',
    ),
  FEATUREGRAPH_AUDIT_MAX_FILE_BYTES: z.coerce
    .number()
    .int()
    .min(1024)
    .default(104_857_600)
    .describe('The size at which the audit log begins another file, in bytes.'),
  FEATUREGRAPH_AUDIT_REQUIRED: z
    .enum(['true', 'false'])
    .transform((text) => text === 'true')
    .default(false)
    .describe(
      'Refuse requests while the audit log cannot be written and its queue is full. false: they are not logged.',
    ),
} satisfies Record<string, z.ZodType>;

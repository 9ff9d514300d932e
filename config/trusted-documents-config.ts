import { z } from 'zod';

/** The variables of trusted documents (docs/trusted-documents.md). */
export const trustedDocumentsVariables = {
  FEATUREGRAPH_TRUSTED_DOCUMENTS: z
    .string()
    .min(1)
    .optional()
    .describe(
      'The path of a manifest of trusted documents (docs/trusted-documents.md). Clients send the id of a document in place of its text. Empty: there are none.',
    ),
  FEATUREGRAPH_TRUSTED_DOCUMENTS_ONLY: z
    .enum(['true', 'false'])
    .transform((text) => text === 'true')
    .default(false)
    .describe('Answer only trusted documents. Every other document is refused with DOCUMENT_NOT_TRUSTED.'),
} satisfies Record<string, z.ZodType>;

/** A gateway that answers no document at all is a mistake. */
export function refuseOnlyWithoutManifest(
  variables: {
    readonly FEATUREGRAPH_TRUSTED_DOCUMENTS?: string | undefined;
    readonly FEATUREGRAPH_TRUSTED_DOCUMENTS_ONLY: boolean;
  },
  context: z.RefinementCtx,
): void {
  if (!variables.FEATUREGRAPH_TRUSTED_DOCUMENTS_ONLY || variables.FEATUREGRAPH_TRUSTED_DOCUMENTS !== undefined) return;
  context.addIssue({
    code: 'custom',
    path: ['FEATUREGRAPH_TRUSTED_DOCUMENTS'],
    message: 'FEATUREGRAPH_TRUSTED_DOCUMENTS_ONLY needs a manifest. This one is missing.',
  });
}

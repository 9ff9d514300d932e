import { z } from 'zod';

/** The variable of Apollo Federation (docs/federation.md). */
export const federationVariables = {
  FEATUREGRAPH_FEDERATION: z
    .enum(['true', 'false'])
    .transform((text) => text === 'true')
    .default(false)
    .describe('Be a subgraph of Apollo Federation 2: add _entities and _service to the schema (docs/federation.md).'),
} satisfies Record<string, z.ZodType>;

import { z } from 'zod';

/** The rules of Google Cloud for ids of projects (an old one may have a domain), and of BigQuery for ids of datasets. */
const DATASET = /^((?:[a-z0-9.-]{1,100}:)?[a-z][a-z0-9-]{4,61}[a-z0-9])\.([A-Za-z0-9_]{1,1024})$/;

/** Where jobs write tables of BigQuery. */
export const outputDatasetVariables = {
  FEATUREGRAPH_OUTPUT_DATASET: z
    .string()
    .regex(DATASET, 'is not a dataset of BigQuery: PROJECT.DATASET')
    .transform((name) => {
      const [, project, dataset] = DATASET.exec(name)!;
      return { project: project!, dataset: dataset! };
    })
    .optional()
    .describe(
      'The dataset of BigQuery for training sets in the format BIGQUERY: PROJECT.DATASET (docs/training-sets.md). Empty: the format is refused.',
    ),
} satisfies Record<string, z.ZodType>;

import { z } from 'zod';

/** The rules of Cloud Storage for names of buckets, and a folder of plain names. */
const FILES = /^gs:\/\/([a-z0-9][a-z0-9._-]{1,220}[a-z0-9])((?:\/[A-Za-z0-9=_.-]*[A-Za-z0-9=_-])*)\/?$/;
const TABLE = /^projects\/([^/\s]+)\/instances\/([^/\s]+)\/tables\/([^/\s]+)$/;

/** The variables of several gateways (docs/several-gateways.md). */
export const severalGatewaysVariables = {
  FEATUREGRAPH_SCHEDULES: z
    .enum(['true', 'false'])
    .transform((text) => text === 'true')
    .default(true)
    .describe(
      'Run the schedules of feature views and sources. If several gateways share stores without FEATUREGRAPH_JOBS_TABLE, set it to false in all but one.',
    ),
  FEATUREGRAPH_JOBS_TABLE: z
    .string()
    .regex(TABLE, 'is not the name of a Bigtable table: projects/PROJECT/instances/INSTANCE/tables/TABLE')
    .transform((name) => {
      const [, project, instance, table] = TABLE.exec(name)!;
      return { project: project!, instance: instance!, table: table! };
    })
    .optional()
    .describe(
      'The Bigtable table of jobs, budgets and schedules that several gateways share: projects/PROJECT/instances/INSTANCE/tables/TABLE (docs/several-gateways.md). Empty: they are in the data folder, for one gateway.',
    ),
  FEATUREGRAPH_JOBS_APP_PROFILE: z
    .string()
    .min(1)
    .optional()
    .describe(
      'The app profile for FEATUREGRAPH_JOBS_TABLE. It must route to one cluster and allow single-row transactions. Empty: the default profile of the instance.',
    ),
  FEATUREGRAPH_JOBS_LEASE_SECONDS: z.coerce
    .number()
    .min(1)
    .max(600)
    .default(15)
    .describe(
      'How long a gateway may write no heartbeat before the other gateways of FEATUREGRAPH_JOBS_TABLE take its jobs and schedules, in seconds.',
    ),
  FEATUREGRAPH_SHARED_FILES: z
    .string()
    .regex(FILES, 'is not a folder in Cloud Storage: gs://BUCKET/FOLDER')
    .transform((address) => {
      const [, bucket, folder] = FILES.exec(address)!;
      return { bucket: bucket!, folder: folder!.slice(1) };
    })
    .optional()
    .describe(
      'The folder in Cloud Storage for the files of the gateways of FEATUREGRAPH_JOBS_TABLE: training sets, their labels, and the inputs and results of batch predictions with ONNX and HTTP models, gs://BUCKET/FOLDER (docs/several-gateways.md). Empty: several gateways refuse both.',
    ),
} satisfies Record<string, z.ZodType>;

/** The table that several gateways share; null for a gateway that has its jobs for itself. */
export interface SharedJobs {
  readonly table: {
    readonly project: string;
    readonly instance: string;
    readonly table: string;
    readonly appProfile: string | null;
  };
  readonly leaseMs: number;
  /** The folder in Cloud Storage for the files of all gateways; null: they share no files. */
  readonly files: { readonly bucket: string; readonly folder: string } | null;
}

interface Variables {
  readonly FEATUREGRAPH_JOBS_TABLE?: Omit<SharedJobs['table'], 'appProfile'> | undefined;
  readonly FEATUREGRAPH_JOBS_APP_PROFILE?: string | undefined;
  readonly FEATUREGRAPH_JOBS_LEASE_SECONDS: number;
  readonly FEATUREGRAPH_SHARED_FILES?: SharedJobs['files'] | undefined;
}

/** Files that only one gateway uses are in its data folder: the variable alone would do nothing. */
export function refuseSharedFilesAlone(
  variables: Pick<Variables, 'FEATUREGRAPH_JOBS_TABLE' | 'FEATUREGRAPH_SHARED_FILES'>,
  context: z.RefinementCtx,
): void {
  if (variables.FEATUREGRAPH_SHARED_FILES === undefined || variables.FEATUREGRAPH_JOBS_TABLE !== undefined) return;
  context.addIssue({
    code: 'custom',
    path: ['FEATUREGRAPH_SHARED_FILES'],
    message: 'is for several gateways: set FEATUREGRAPH_JOBS_TABLE too',
  });
}

/** Without shared files, all training sets are refused, and a dataset for them would do nothing. */
export function refuseOutputsWithoutSharedFiles(
  variables: Pick<Variables, 'FEATUREGRAPH_JOBS_TABLE' | 'FEATUREGRAPH_SHARED_FILES'> & {
    readonly FEATUREGRAPH_OUTPUT_DATASET?: unknown;
  },
  context: z.RefinementCtx,
): void {
  const { FEATUREGRAPH_JOBS_TABLE: table, FEATUREGRAPH_SHARED_FILES: files } = variables;
  if (variables.FEATUREGRAPH_OUTPUT_DATASET === undefined || table === undefined || files !== undefined) return;
  context.addIssue({
    code: 'custom',
    path: ['FEATUREGRAPH_OUTPUT_DATASET'],
    message:
      'is for training sets, which several gateways refuse without shared files: set FEATUREGRAPH_SHARED_FILES too',
  });
}

export function toSharedJobs({
  FEATUREGRAPH_JOBS_TABLE: table,
  FEATUREGRAPH_JOBS_APP_PROFILE: appProfile,
  FEATUREGRAPH_JOBS_LEASE_SECONDS: seconds,
  FEATUREGRAPH_SHARED_FILES: files,
}: Variables): SharedJobs | null {
  if (table === undefined) return null;
  return { table: { ...table, appProfile: appProfile ?? null }, leaseMs: seconds * 1000, files: files ?? null };
}

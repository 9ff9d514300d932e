/** The column family of the table of jobs; costs are in it as well. */
export const JOBS_FAMILY = 'j';

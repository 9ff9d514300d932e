import type { GatewayClient } from './gateway-client.js';
import { figure } from './statistics-tables.js';

interface Finding {
  readonly check: string;
  readonly source: string;
  readonly feature: string | null;
  readonly metric: string | null;
  readonly value: number | null;
  readonly threshold: number;
}

interface MonitorRun {
  readonly findings?: readonly Finding[] | null;
  readonly alertState?: string | null;
}

const QUERY = `query ($id: ID!) { job(id: $id) { ... on MonitorRunJob {
  findings { check source feature metric value threshold } alertState } } }`;

/** The findings of a run of a monitor, one a line; no text for other jobs and for a run that did not succeed. */
export async function monitorReport(
  gateway: GatewayClient,
  id: string,
): Promise<{ readonly text: string; readonly hasFindings: boolean }> {
  const { job } = await gateway.ask<{ readonly job: MonitorRun }>(QUERY, { id });
  const { findings, alertState } = job;
  if (!findings) return { text: '', hasFindings: false };
  const alert =
    alertState === 'SENT' ? 'An alert was sent.\n' : alertState === 'FAILED' ? 'The alert was not delivered.\n' : '';
  const lines = findings.map((finding) => `${line(finding)}\n`);
  return { text: (lines.length === 0 ? 'No findings.\n' : lines.join('')) + alert, hasFindings: lines.length > 0 };
}

function line({ check, source, feature, metric, value, threshold }: Finding): string {
  const what = feature ?? `source ${source}`;
  const number = value === null ? 'no row in the window' : figure(value);
  return `${what}: ${check}${metric === null ? '' : ` (${metric})`} ${number}, threshold ${figure(threshold)}`;
}

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse, parseAllDocuments } from 'yaml';
import { expect, it } from 'vitest';
import { readAuthenticationFile } from '../../../auth/read-authentication-file.js';
import { configVariables } from '../../../config/config.js';

const root = join(import.meta.dirname, '../../..');
const read = (path: string): string => readFileSync(join(root, path), 'utf8');
const gateway = read('deploy/terraform/gateway.tf');
const stores = read('deploy/terraform/stores.tf');

/** The value of an attribute, of the first block that has it. */
const set = (text: string, attribute: string): string | undefined =>
  new RegExp(`^\\s*${attribute}\\s*=\\s*"?([^"\\n]*?)"?$`, 'm').exec(text)?.[1];
const resource = (text: string, type: string): string =>
  text.split(/^resource /m).find((block) => block.startsWith(`"${type}"`))!;

const service = resource(gateway, 'google_cloud_run_v2_service');
const terraformEnvironment = Object.fromEntries(
  [...service.matchAll(/env \{\s*name\s*=\s*"(\w+)"\s*value\s*=\s*"?([^"\n]*)/g)].map(([, name, value]) => [
    name,
    value,
  ]),
);
const knative = parse(read('deploy/cloud-run/service.yaml'));
const [container] = knative.spec.template.spec.containers;
const environmentOf = (env: readonly { name: string; value: string }[]): Record<string, string> =>
  Object.fromEntries(env.map(({ name, value }) => [name, value]));

it('Cloud Run is described the same way with Terraform and without', () => {
  const annotations = knative.spec.template.metadata.annotations;
  expect(annotations).toMatchObject({
    'autoscaling.knative.dev/minScale': set(service, 'min_instance_count'),
    'autoscaling.knative.dev/maxScale': set(service, 'max_instance_count'),
    'run.googleapis.com/cpu-throttling': set(service, 'cpu_idle'),
  });
  // Terraform takes the names of these from what it makes.
  const files = {
    FEATUREGRAPH_REGISTRY: undefined,
    FEATUREGRAPH_AUTHENTICATION: undefined,
    FEATUREGRAPH_JOBS_TABLE: undefined,
    FEATUREGRAPH_JOBS_APP_PROFILE: undefined,
    FEATUREGRAPH_SHARED_FILES: undefined,
  };
  expect({ ...environmentOf(container.env), ...files }).toEqual({ ...terraformEnvironment, ...files });
  expect(container.resources.limits).toEqual({ cpu: set(service, 'cpu'), memory: set(service, 'memory') });
  expect(`${knative.spec.template.spec.timeoutSeconds}s`).toBe(set(service, 'timeout'));
  expect(knative.metadata.annotations['run.googleapis.com/ingress']).toBe('all');
  expect(read('deploy/terraform/variables.tf')).toContain('default     = "INGRESS_TRAFFIC_ALL"');
});

it('Cloud Run lets jobs run between requests, at instances that share them', () => {
  expect(set(service, 'cpu_idle')).toBe('false');
  expect(Number(set(service, 'min_instance_count'))).toBeGreaterThan(1);
  expect(terraformEnvironment.FEATUREGRAPH_JOBS_TABLE).toBe('google_bigtable_table.jobs.id');
  const environment = environmentOf(container.env);
  expect(configVariables.FEATUREGRAPH_JOBS_TABLE.parse(environment.FEATUREGRAPH_JOBS_TABLE)).toEqual({
    project: 'PROJECT',
    instance: set(resource(stores, 'google_bigtable_instance'), 'name'),
    table: 'jobs',
  });
  // Terraform makes both from one bucket.
  const bucket = knative.spec.template.spec.volumes[0].csi.volumeAttributes.bucketName;
  expect(environment.FEATUREGRAPH_SHARED_FILES).toBe(`gs://${bucket}/files`);
  expect(environment.FEATUREGRAPH_JOBS_APP_PROFILE).toBe(
    set(resource(stores, 'google_bigtable_app_profile'), 'app_profile_id'),
  );
});

it('Kubernetes runs two gateways or more that share their jobs, and stops one at a time', () => {
  const documents = parseAllDocuments(read('deploy/kubernetes/several-gateways.yaml')).map((document) =>
    document.toJS(),
  );
  const [deployment, budget, scaler] = documents;
  const { labels } = deployment.spec.template.metadata;
  expect(kubernetes('Service').spec.selector).toEqual(labels);
  expect(deployment.spec.selector.matchLabels).toEqual(labels);
  expect(budget.spec).toEqual({ maxUnavailable: 1, selector: { matchLabels: labels } });
  expect(scaler.spec.scaleTargetRef).toEqual({
    apiVersion: deployment.apiVersion,
    kind: deployment.kind,
    name: deployment.metadata.name,
  });
  expect(scaler.spec.minReplicas).toBeGreaterThan(1);
  const several = environmentOf(deployment.spec.template.spec.containers[0].env);
  const one = environmentOf(kubernetes('StatefulSet').spec.template.spec.containers[0].env);
  expect(several).toEqual({
    ...one,
    FEATUREGRAPH_JOBS_TABLE: 'projects/PROJECT/instances/featuregraph/tables/jobs',
    FEATUREGRAPH_JOBS_APP_PROFILE: 'featuregraph',
    FEATUREGRAPH_SHARED_FILES: 'gs://PROJECT-featuregraph/files',
  });
  for (const name of Object.keys(several)) expect(configVariables).toHaveProperty(name);
});

it('a stop fits into the ten seconds of Cloud Run and the grace of Kubernetes', () => {
  const budget = (env: Record<string, string | undefined>): number =>
    configVariables.FEATUREGRAPH_SHUTDOWN_DELAY_MS.parse(env.FEATUREGRAPH_SHUTDOWN_DELAY_MS) +
    configVariables.FEATUREGRAPH_SHUTDOWN_GRACE_MS.parse(env.FEATUREGRAPH_SHUTDOWN_GRACE_MS);
  // Two more seconds are a shadow store's, and some for closing stores.
  expect(budget(terraformEnvironment)).toBeLessThanOrEqual(7_000);
  const { template } = kubernetes('StatefulSet').spec;
  const grace = template.spec.terminationGracePeriodSeconds * 1000;
  expect(budget(environmentOf(template.spec.containers[0].env))).toBeLessThanOrEqual(grace - 10_000);
});

it('asks who calls, wherever other machines reach it', async () => {
  const given = [
    terraformEnvironment,
    environmentOf(container.env),
    environmentOf(kubernetes('StatefulSet').spec.template.spec.containers[0].env),
  ];
  for (const environment of given) {
    expect(environment.FEATUREGRAPH_AUTHENTICATION).toMatch(/authentication\.yaml$/);
    expect(environment).not.toHaveProperty('FEATUREGRAPH_ALLOW_UNAUTHENTICATED');
  }
  expect(read('Dockerfile')).not.toContain('FEATUREGRAPH_ALLOW_UNAUTHENTICATED=true \\');
  const { cloudRun } = await readAuthenticationFile(join(root, 'examples/google-cloud/authentication.yaml'));
  expect(cloudRun).toEqual({ header: 'authorization' });
});

it('names no variable that the gateway does not know', () => {
  const given = [terraformEnvironment, environmentOf(kubernetes('StatefulSet').spec.template.spec.containers[0].env)];
  for (const name of given.flatMap(Object.keys)) expect(configVariables).toHaveProperty(name);
});

it('terraform destroy ends all that was made, and what was put into it', () => {
  expect(set(service, 'deletion_protection')).toBe('false');
  expect(set(resource(stores, 'google_bigquery_dataset'), 'delete_contents_on_destroy')).toBe('true');
  expect(set(resource(stores, 'google_bigtable_instance'), 'deletion_protection')).toBe('false');
  expect(set(resource(stores, 'google_bigtable_table'), 'deletion_protection')).toBe('UNPROTECTED');
  expect(set(resource(stores, 'google_bigtable_app_profile'), 'ignore_warnings')).toBe('true');
  expect(set(resource(stores, 'google_storage_bucket'), 'force_destroy')).toBe('true');
});

it('in Kubernetes only those with the label, and Prometheus, reach the gateway', () => {
  const policy = kubernetes('NetworkPolicy').spec;
  const { template } = kubernetes('StatefulSet').spec;
  expect(template.metadata.labels).toMatchObject(policy.podSelector.matchLabels);
  expect(policy.policyTypes).toEqual(['Ingress']);
  const ports = template.spec.containers[0].ports.map(({ name }: { name: string }) => name);
  expect(policy.ingress.flatMap((rule: any) => rule.ports.map(({ port }: any) => port))).toEqual(ports);
  for (const { from } of policy.ingress) expect(from.length).toBeGreaterThan(0);
});

function kubernetes(kind: string): any {
  const documents = parseAllDocuments(read('deploy/kubernetes/gateway.yaml')).map((document) => document.toJS());
  return documents.find((document) => document.kind === kind);
}

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { expect, it } from 'vitest';
import { isCollectable, type GcRule } from '../../../../datasources/google/bigtable/gc-rule.js';
import { registryDocument } from '../../../../datasources/registry/document/document.js';
import { findFaults } from '../../../../datasources/registry/document/find-faults.js';
import { loadRegistry } from '../../../../datasources/registry/yaml/load-registry.js';

const root = join(import.meta.dirname, '../../../..');
const stores = readFileSync(join(root, 'deploy/terraform/stores.tf'), 'utf8');
const variables = readFileSync(join(root, 'deploy/terraform/variables.tf'), 'utf8');

/** What Terraform sets an attribute to in the first block that has it. */
const set = (text: string, attribute: string): string =>
  new RegExp(`\\b${attribute}\\s*=\\s*"([^"]*)"`).exec(text)![1]!;
/** The block of a resource, up to the next. */
const resource = (type: string): string => stores.split(/^resource /m).find((block) => block.startsWith(`"${type}"`))!;

it('the registry for Google Cloud loads, and names the stores that Terraform makes', async () => {
  const registry = await loadRegistry(join(root, 'examples/google-cloud/registry.yaml'));
  const [shop] = registry.featurestores;
  const region = /variable "region" \{[^}]*default\s*=\s*"([^"]+)"/.exec(variables)![1];
  expect(shop!.onlineSettings).toMatchObject({
    kind: 'BIGTABLE',
    readDeadlineMs: 3000,
    instance: set(resource('google_bigtable_instance'), 'name'),
    table: set(resource('google_bigtable_table'), 'name'),
    columnFamily: set(resource('google_bigtable_table'), 'family'),
    appProfile: set(resource('google_bigtable_app_profile'), 'app_profile_id'),
  });
  expect(shop!.offlineSettings).toMatchObject({
    kind: 'BIGQUERY',
    dataset: set(resource('google_bigquery_dataset'), 'dataset_id'),
    location: region,
  });
  expect(registry.model('churn')).toMatchObject({ runtime: 'VERTEX', location: expect.stringContaining(region!) });
});

it('garbage collection of Terraform keeps the newest value for ever, and others for the retention of the registry', async () => {
  const registry = await loadRegistry(join(root, 'examples/google-cloud/registry.yaml'));
  const { versionRetentionSeconds } = registry.featurestores[0]!.onlineSettings as { versionRetentionSeconds: number };
  const policy = resource('google_bigtable_gc_policy');
  const rules: GcRule[] = [
    { maxNumVersions: Number(/max_version = (\d+)/.exec(policy)![1]) },
    { maxAge: { seconds: Number(/max_age = "(\d+)h"/.exec(policy)![1]) * 3600 } },
  ];
  const rule: GcRule = policy.includes('"intersection"') ? { intersection: { rules } } : { union: { rules } };
  expect(isCollectable(rule, { rank: 1, ageSeconds: Infinity })).toBe(false);
  expect(isCollectable(rule, { rank: Infinity, ageSeconds: versionRetentionSeconds + 3600 })).toBe(false);
  expect(isCollectable(rule, { rank: 2, ageSeconds: Infinity })).toBe(true);
});

it.each(['google-cloud.md', 'google-cloud-vertex.md'])('docs/%s shows how to leave a registry to Vertex AI', (file) => {
  const text = readFileSync(join(root, 'docs', file), 'utf8').replaceAll('PROJECT', 'my-project');
  const [, yaml = ''] = /```yaml\n(vertexFeaturestores:.*?)```/s.exec(text)!;
  const document = registryDocument.parse(parse(yaml));
  expect(findFaults(document)).toEqual([]);
  expect(document.vertexFeaturestores).toMatchObject([{ featureOnlineStore: 'serving' }]);
});

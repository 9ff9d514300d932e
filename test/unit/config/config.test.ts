import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { clientUrl } from '../../../config/client-url.js';
import { configVariables } from '../../../config/config.js';
import { parseApiKey } from '../../../config/open-lineage-config.js';
import { parseConfig } from '../../../config/load-config.js';
import { OperatorError } from '../../../errors/operator-error.js';
import { registryPathOf } from '../../../config/registry-path.js';

describe('the configuration', () => {
  it('has safe defaults', () => {
    expect(parseConfig({})).toMatchObject({
      host: '127.0.0.1',
      port: 4000,
      dataDirectory: '.featuregraph',
      corsOrigins: [],
    });
  });

  it.each([
    ['PORT', 'abc', 'it must be a number'],
    ['PORT', '4000.5', 'it must be a whole number'],
    ['PORT', '70000', 'it must be at most 65535'],
    ['PORT', '-1', 'it must be at least 0'],
    ['FEATUREGRAPH_HISTORY_ROWS', 'many', 'it must be a number'],
    ['FEATUREGRAPH_GRAPHIQL', 'yes', 'it must be one of true, false'],
    ['LOG_LEVEL', 'loud', 'it must be one of trace, debug, info, warn, error, silent'],
    ['OTEL_EXPORTER_OTLP_ENDPOINT', 'collector', 'it must be a URL, such as http://localhost:4318'],
  ])('says in plain words what %s must be, of the value %s', (name, value, fault) => {
    expect(() => parseConfig({ [name]: value })).toThrow(
      new OperatorError('The environment has faults; .env.example describes each variable:', [`${name}: ${fault}`]),
    );
  });

  it('names the gateway of the environment to the commands that ask it', () => {
    const ask = (variables: Readonly<Record<string, string>>) => {
      vi.stubEnv('PORT', '');
      vi.stubEnv('FEATUREGRAPH_TLS_CERTIFICATE', '');
      for (const [name, value] of Object.entries(variables)) vi.stubEnv(name, value);
      return clientUrl();
    };
    onTestFinished(() => void vi.unstubAllEnvs());
    expect(ask({})).toBe('http://localhost:4000/graphql');
    expect(ask({ PORT: '4311' })).toBe('http://localhost:4311/graphql');
    expect(ask({ PORT: '4311', FEATUREGRAPH_TLS_CERTIFICATE: 'cert.pem' })).toBe('https://localhost:4311/graphql');
    // Any free port, and a port that the start refuses.
    for (const port of ['0', 'abc', '70000']) expect(ask({ PORT: port })).toBe('http://localhost:4000/graphql');
  });

  it('reads the memory of DuckDB in bytes, and refuses less than it can sort with', () => {
    expect(parseConfig({}).duckDbMemoryBytes).toBeUndefined();
    expect(parseConfig({ FEATUREGRAPH_DUCKDB_MEMORY_BYTES: '1073741824' }).duckDbMemoryBytes).toBe(2 ** 30);
    expect(() => parseConfig({ FEATUREGRAPH_DUCKDB_MEMORY_BYTES: '1024' })).toThrow(
      /FEATUREGRAPH_DUCKDB_MEMORY_BYTES: /,
    );
  });

  it('refuses the log of served values for several gateways, because each would have a part of it', () => {
    const several = { FEATUREGRAPH_JOBS_TABLE: 'projects/p/instances/i/tables/jobs' };
    expect(() => parseConfig({ ...several, FEATUREGRAPH_SERVED_LOG_SAMPLE_RATE: '0.01' })).toThrow(
      /FEATUREGRAPH_SERVED_LOG_SAMPLE_RATE: the log of served values is for one gateway/,
    );
    expect(parseConfig({ ...several, FEATUREGRAPH_SERVED_LOG_SAMPLE_RATE: '0' }).servedLog.sampleRate).toBe(0);
  });

  it('sends events of OpenLineage only with a URL, and refuses a key that nothing would send or that the URL has', () => {
    const url = 'https://lineage.example.com/api/v1/lineage';
    expect(parseConfig({}).openLineage).toBeNull();
    expect(
      parseConfig({ FEATUREGRAPH_OPENLINEAGE_URL: url, FEATUREGRAPH_OPENLINEAGE_API_KEY: 'k' }).openLineage,
    ).toEqual({
      url,
      apiKey: 'k',
      apiKeyFile: null,
      namespace: 'featuregraph',
    });
    const key = { FEATUREGRAPH_OPENLINEAGE_API_KEY: 'k' };
    const file = { FEATUREGRAPH_OPENLINEAGE_API_KEY_FILE: 'key' };
    for (const variables of [
      key,
      file,
      { FEATUREGRAPH_OPENLINEAGE_URL: url, ...key, ...file },
      { FEATUREGRAPH_OPENLINEAGE_URL: 'https://ann:secret@lineage.example.com' },
      { FEATUREGRAPH_OPENLINEAGE_URL: 'https://:secret@lineage.example.com' },
      { FEATUREGRAPH_OPENLINEAGE_URL: 'file:///etc/passwd' },
      { FEATUREGRAPH_OPENLINEAGE_URL: url, FEATUREGRAPH_OPENLINEAGE_API_KEY: 'two\nlines' },
    ]) {
      expect(() => parseConfig(variables), JSON.stringify(variables)).toThrow(/FEATUREGRAPH_OPENLINEAGE/);
    }
  });

  it('takes a key of OpenLineage from a file only if a header can carry it, and does not repeat it otherwise', () => {
    expect(parseApiKey('sk-1\n')).toBe('sk-1');
    for (const text of ['', 'sk-1\nsk-2\n', 'sk-1 sk-2', 'sk-1é']) {
      expect(() => parseApiKey(text)).toThrow(/^the file of the API key does not have one line of printable [^-]*$/);
    }
  });

  it('reads every variable', () => {
    expect(
      parseConfig({
        HOST: '0.0.0.0',
        PORT: '80',
        FEATUREGRAPH_GRAPHIQL: 'false',
        FEATUREGRAPH_CORS_ORIGINS: 'https://a.example, https://b.example',
      }),
    ).toMatchObject({
      host: '0.0.0.0',
      port: 80,
      isGraphiqlServed: false,
      corsOrigins: ['https://a.example', 'https://b.example'],
    });
  });

  it('takes a variable set to nothing for one not set', () => {
    expect(parseConfig({ PORT: '' }).port).toBe(4000);
  });

  it('reads budgets, whose names may have signs of their own', () => {
    const budgets = (text: string) => parseConfig({ FEATUREGRAPH_DAILY_BUDGETS_USD: text }).dailyBudgetsUsd;
    expect(budgets('')).toEqual(new Map());
    expect(budgets('alice=50, cn=ci=0.5,*=0')).toEqual(
      new Map([
        ['alice', 50],
        ['cn=ci', 0.5],
        ['*', 0],
      ]),
    );
    // The name of a certificate has commas, and one of them can look like a budget.
    expect(budgets('"certificate:OU=7,O=Ex \\"x\\""=5,*=1')).toEqual(
      new Map([
        ['certificate:OU=7,O=Ex "x"', 5],
        ['*', 1],
      ]),
    );
    // Taken for nothing, a budget that cannot be read would be no limit.
    for (const wrong of [
      'alice',
      'alice=',
      'alice=-1',
      'alice=ten',
      '=5',
      'alice=1,alice=2',
      'CN=a,O=b=5',
      '"a=5',
      '""=5',
      '"a"b=5',
    ]) {
      expect(() => budgets(wrong), wrong).toThrow(/FEATUREGRAPH_DAILY_BUDGETS_USD: /);
    }
  });

  it('reports all faults at once, by variable', () => {
    expect(() =>
      parseConfig({ PORT: 'eighty', LOG_LEVEL: 'loud', FEATUREGRAPH_GRAPHIQL: 'yes', FEATUREGRAPH_DATADIR: 'x' }),
    ).toThrow(/FEATUREGRAPH_DATADIR: .*PORT: .*LOG_LEVEL: .*FEATUREGRAPH_GRAPHIQL: /s);
  });

  it('is what .env.example says, with the same defaults', () => {
    const example = readFileSync(join(import.meta.dirname, '../../../.env.example'), 'utf8');
    const lines = example.split('\n').filter((line) => /^[A-Z]/.test(line));
    const variables = Object.fromEntries(lines.map((line) => line.split('=') as [string, string]));
    expect(Object.keys(variables)).toEqual(Object.keys(configVariables));
    expect(parseConfig(variables)).toEqual(parseConfig({}));
    for (const [name, schema] of Object.entries(configVariables)) {
      expect(example, name).toContain(`# ${schema.description}\n${name}=`);
    }
  });
});

describe('the registry to serve', () => {
  it('is the one that is named, else the example of a clone; without both the operator learns what to set', () => {
    expect(registryPathOf(parseConfig({ FEATUREGRAPH_REGISTRY: 'shop.yaml' }))).toBe('shop.yaml');
    expect(registryPathOf(parseConfig({}))).toMatch(/examples\/flights\/registry\.yaml$/);
    expect(() => registryPathOf(parseConfig({}), '/nowhere/registry.yaml')).toThrow(
      /^FEATUREGRAPH_REGISTRY is not set.*\n {2}- set it to the path of your registry file/,
    );
  });
});

import { Command } from 'commander';
import { OperatorError } from '../../errors/operator-error.js';
import { gatewayAt, tokenOption, urlOption, type GatewayOptions } from '../gateway-client.js';

const PLAN = `faults breaks { path message } changes expectations removed renamed { from to }
  recomputed { featurestore entityType source rows bytes isServedMeanwhile }`;

interface Plan {
  readonly faults: readonly string[];
  readonly breaks: readonly { readonly path: string; readonly message: string }[];
  readonly changes: readonly string[];
  readonly expectations: readonly string[];
  readonly removed: readonly string[];
  readonly renamed: readonly { readonly from: string; readonly to: string }[];
  readonly recomputed: readonly {
    readonly featurestore: string;
    readonly entityType: string;
    readonly source: string;
    readonly rows: string | null;
    readonly bytes: string;
    readonly isServedMeanwhile: boolean;
  }[];
}

type Options = GatewayOptions;

export function planCommand(write: (text: string) => void): Command {
  return new Command('plan')
    .description('Print what `apply` would change in a running gateway. Changes nothing.')
    .addOption(urlOption())
    .addOption(tokenOption())
    .action(async (options: Options) => {
      const { registryPlan } = await gatewayAt(options).ask<{ registryPlan: Plan }>(
        `query { registryPlan { ${PLAN} } }`,
        {},
      );
      write(planText(registryPlan));
      if (registryPlan.faults.length > 0) process.exitCode = 1;
      else if (registryPlan.breaks.length > 0) process.exitCode = 2;
    });
}

export function applyCommand(write: (text: string) => void): Command {
  return new Command('apply')
    .description('Make a running gateway read its registry file again and serve it, without a restart.')
    .option('--force', 'apply it even if it can break a client', false)
    .addOption(urlOption())
    .addOption(tokenOption())
    .action(async ({ force, ...options }: Options & { readonly force: boolean }) => {
      const { applyRegistry } = await gatewayAt(options).ask<{
        applyRegistry: { plan: Plan; isApplied: boolean; jobIds: readonly string[] };
      }>(
        `mutation ($input: ApplyRegistryInput!) { applyRegistry(input: $input) { isApplied jobIds plan { ${PLAN} } } }`,
        { input: { force } },
      );
      write(planText(applyRegistry.plan));
      if (!applyRegistry.isApplied) {
        throw new OperatorError(
          'The registry was not applied. The one before it is served.',
          applyRegistry.plan.faults.length > 0 ? [] : ['It can break clients: say --force to apply it'],
        );
      }
      write('The registry is served.\n');
      for (const id of applyRegistry.jobIds) write(`${id}\n`);
    });
}

/** A plan for people, one fact a line. */
export function planText({ faults, breaks, changes, expectations, removed, renamed, recomputed }: Plan): string {
  const breaking = new Set(breaks.map(({ message }) => message));
  const lines = [
    ...faults.map((fault) => `fault      ${fault}`),
    ...breaks.map(({ message }) => `break      ${message}`),
    ...changes.filter((message) => !breaking.has(message)).map((message) => `change     ${message}`),
    ...expectations.map((text) => `expect     ${text}`),
    ...renamed.map(({ from, to }) => `rename     ${from} -> ${to}: its values move to the new name`),
    ...removed.map((name) => `removed    ${name}: its values stay in the stores, and no request can read them`),
    ...recomputed.map(
      ({ featurestore, entityType, source, rows, bytes, isServedMeanwhile }) =>
        `recompute  ${featurestore}.${entityType}: ${source}, ${bytes} bytes of files, ` +
        `${rows === null ? 'no stored rows' : `${rows} stored rows`}, ` +
        (isServedMeanwhile ? 'old values are served meanwhile' : 'apply waits for it'),
    ),
  ];
  return lines.length === 0 ? 'Nothing changes.\n' : `${lines.join('\n')}\n`;
}

import { Command, Option } from 'commander';
import { explain } from '../../auth/policy/explain.js';
import { loadPolicy } from '../../auth/policy/load-policy.js';
import { policyJsonSchema } from '../../auth/policy/policy-document.js';
import { PRINCIPAL_KINDS, type PrincipalKind } from '../../auth/principal.js';
import { openRegistry } from '../../composition/registry.js';
import { loadConfig } from '../../config/load-config.js';
import { registryPathOf } from '../../config/registry-path.js';
import { getEntityType, getFeature } from '../../datasources/registry/registry.js';
import { OperatorError } from '../../errors/operator-error.js';

interface ExplainOptions {
  readonly principal: string;
  readonly kind: PrincipalKind;
  readonly group: readonly string[];
  readonly claim: readonly string[];
  readonly feature: string;
  readonly entityId?: string;
  readonly action: 'READ' | 'WRITE';
  readonly policy?: string;
}

const NO_TEXTS: readonly string[] = [];
const collect = (text: string, before: readonly string[]): readonly string[] => [...before, text];

export function policyCommand(write: (text: string) => void): Command {
  const policy = new Command('policy').description('Ask about a policy file (docs/policy.md).');
  policy
    .command('explain')
    .description('Say whether a principal may read or write a feature, and why.')
    .requiredOption('--principal <name>', 'the name of the principal, e.g. user:alice@example.com')
    .requiredOption('--feature <feature>', 'the feature, as featurestore.entityType.feature')
    .addOption(new Option('--kind <kind>', 'its kind').choices(PRINCIPAL_KINDS).default('USER'))
    .option('--group <group>', 'one of its groups; may be given several times', collect, NO_TEXTS)
    .option('--claim <claim=value>', 'one of its claims; may be given several times', collect, NO_TEXTS)
    .option('--entity-id <id>', 'the entity; without it, the answer is for all')
    .addOption(new Option('--action <action>', 'what to do').choices(['READ', 'WRITE']).default('READ'))
    .option('--policy <file>', 'the policy file; FEATUREGRAPH_POLICY names it if not given')
    .action(async (options: ExplainOptions) => {
      const config = loadConfig();
      const { registry } = await openRegistry(registryPathOf(config));
      const document = await loadPolicy(options.policy ?? config.policyPath, registry);
      if (!document)
        throw new OperatorError('There is no policy: everything is allowed. FEATUREGRAPH_POLICY names one.');
      const [featurestore = '', entityType = '', name = '', ...rest] = options.feature.split('.');
      if (name === '' || rest.length > 0) {
        throw new OperatorError('--feature has the form featurestore.entityType.feature.');
      }
      const feature = getFeature(getEntityType(registry.featurestore(featurestore), entityType), name);
      const { principal, kind, group, claim, entityId = null, action } = options;
      const claims = new Map(claim.map(parseClaim));
      const found = explain(document, {
        principal: { name: principal, kind, groups: [...new Set(group)].toSorted(), claims, expiresAt: null },
        action,
        feature,
        entityId,
      });
      write(`${found.decision === 'SOME' ? 'SOME: it depends on the entity id' : found.decision}\n`);
      for (const rule of found.rules) write(`  rule "${rule.name}" ${rule.effect} ${action}: it ${rule.reason}\n`);
      if (found.rules.length === 0) write(`  No rule is about ${action}. What no rule allows is denied.\n`);
    });
  policy
    .command('print-schema')
    .description('Print the JSON Schema of policy files, for editors.')
    .action(() => write(`${JSON.stringify(policyJsonSchema(), null, 2)}\n`));
  return policy;
}

function parseClaim(text: string): [string, string] {
  const at = text.indexOf('=');
  if (at < 1) throw new OperatorError(`--claim has the form claim=value, not "${text}".`);
  return [text.slice(0, at), text.slice(at + 1)];
}

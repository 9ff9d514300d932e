import { Command, InvalidArgumentError } from 'commander';
import { OperatorError } from '../../errors/operator-error.js';
import { explanationReport, EXPLANATION_FIELDS, recomputes, type ExplainedAnswer } from '../explanation-report.js';
import { gatewayAt, tokenOption, urlOption, type GatewayOptions } from '../gateway-client.js';

interface ExplainOptions extends GatewayOptions {
  readonly asOf?: string;
  readonly knownAt?: string;
  readonly strictlyBefore?: boolean;
  readonly rows?: number;
}

const QUERY = `query ($featurestore: String!, $entityType: String!, $entityId: ID!, $names: [String!], $asOf: DateTime,
    $knownAt: DateTime, $strictlyBefore: Boolean, $rows: Int) {
  entity(featurestore: $featurestore, entityType: $entityType, entityId: $entityId, asOf: $asOf, knownAt: $knownAt,
    strictlyBefore: $strictlyBefore) { features(names: $names) { value status timestamp feature { unit }
      explanation(rows: $rows) { ${EXPLANATION_FIELDS} } } } }`;

/** `featuregraph explain`: why a feature value is what it is. */
export function explainCommand(write: (text: string) => void): Command {
  return new Command('explain')
    .description('Print why a feature value is what it is, from a running gateway (docs/explain.md).')
    .argument('<featurestore>', 'the featurestore')
    .argument('<entityType>', 'the entity type')
    .argument('<entityId>', 'the entity id')
    .argument('<feature>', 'the feature')
    .option(
      '--as-of <time>',
      'the point in time (event time), e.g. 2001-05-01T00:00:00Z; without it, the current value',
    )
    .option('--known-at <time>', 'only rows that were written by this time')
    .option('--strictly-before', 'only rows with an event time before --as-of')
    .option('--rows <number>', 'the maximum number of rows of each kind', wholeNumber)
    .addOption(urlOption())
    .addOption(tokenOption())
    .action(
      async (
        featurestore: string,
        entityType: string,
        entityId: string,
        feature: string,
        { asOf, knownAt, strictlyBefore, rows, ...options }: ExplainOptions,
      ) => {
        const variables = { featurestore, entityType, entityId, names: [feature], asOf, knownAt, strictlyBefore, rows };
        const { entity } = await gatewayAt(options).ask<{ entity: { features: [ExplainedAnswer] } }>(QUERY, variables);
        const [answer] = entity.features;
        if (answer.explanation === null) throw new OperatorError('You may not read this feature of this entity.');
        write(explanationReport(`${feature} of ${featurestore}.${entityType} ${entityId}`, answer));
        // The report says so too. A script must not take the explanation for one.
        if (!recomputes(answer.explanation)) process.exitCode = 1;
      },
    );
}

function wholeNumber(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError('It is a whole number.');
  return Number(text);
}

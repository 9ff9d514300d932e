import { Arg, Ctx, FieldResolver, Int, Resolver, Root } from 'type-graphql';
import type { Feature } from '../datasources/registry/model.js';
import { badInput } from '../errors/app-error.js';
import { REQUEST_LIMITS } from '../limits/request-limits.js';
import { explanationComplexity } from '../schema/complexity.js';
import {
  FeatureValueExplanation,
  type ExplainedRow,
  type OnlineOrigin,
} from '../schema/entity/feature-value-explanation.js';
import { FeatureValue } from '../schema/entity/feature-value.js';
import type { FeatureSource } from '../schema/registry/feature-source.js';
import type { ExplainedDecision, Explanation } from '../serving/explain-value.js';
import { toClientValue } from '../values/client-value.js';
import { secondsBetween } from '../values/instant.js';
import type { RawValue } from '../values/value-type.js';
import type { RequestContext } from './context.js';
import type { CellValue } from './feature-values.js';

const { defaultExplainedRows, maxExplainedRows } = REQUEST_LIMITS;

@Resolver(() => FeatureValue)
export class ExplanationResolver {
  @FieldResolver(() => FeatureValueExplanation, {
    nullable: true,
    description:
      'Why the value is what it is: the rows of the offline store that decide it. A value of a current read comes from the ' +
      'online store: `difference` says whether the offline store agrees. Null if the status is DENIED.',
    complexity: explanationComplexity,
  })
  async explanation(
    @Root() value: CellValue,
    @Ctx() context: RequestContext,
    @Arg('rows', () => Int, {
      nullable: true,
      defaultValue: defaultExplainedRows,
      description:
        `The maximum number of rows of each kind (RowOutcome), from 2 to ${maxExplainedRows}. ` +
        `Null: ${defaultExplainedRows}.`,
    })
    rows: number | null | undefined,
  ): Promise<FeatureValueExplanation | null> {
    const maxRows = rows ?? defaultExplainedRows;
    if (maxRows < 2 || maxRows > maxExplainedRows) {
      throw badInput(`"rows" is a number from 2 to ${maxExplainedRows}, not ${maxRows}.`, 'rows');
    }
    const { feature, cell, read } = value;
    const explanation = await context.explanations.explain(feature, read, cell, maxRows);
    if (explanation === null) return null;
    const isCurrent = read.asOf === null && !read.strictlyBefore && explanation.terms.knownAt === null;
    return new ExplainedValue(feature, explanation, isCurrent, context);
  }
}

/** Reads the source and the origin only if a query selects them. */
class ExplainedValue implements FeatureValueExplanation {
  constructor(
    private readonly feature: Feature,
    private readonly explanation: Explanation,
    private readonly isCurrent: boolean,
    private readonly context: RequestContext,
  ) {}

  get status(): FeatureValueExplanation['status'] {
    return this.explanation.decision.status;
  }

  get value(): unknown {
    return this.#toClient(this.explanation.decision.value);
  }

  get timestamp(): bigint | null {
    return this.explanation.decision.timestamp;
  }

  get difference(): FeatureValueExplanation['difference'] {
    return this.explanation.difference;
  }

  get asOf(): bigint {
    return this.explanation.terms.time;
  }

  get knownAt(): bigint | null {
    return this.explanation.terms.knownAt;
  }

  get strictlyBefore(): boolean {
    return this.explanation.terms.strictlyBefore;
  }

  get isDense(): boolean {
    return this.feature.entityType.dense;
  }

  get rule(): FeatureValueExplanation['rule'] {
    return this.explanation.decision.winner?.rule ?? null;
  }

  get rows(): readonly ExplainedRow[] {
    const maySeeFiles = this.context.access.mayApplyRegistry();
    return this.explanation.decision.rows.map(({ row, ...decided }) => ({
      ...row,
      outcome: outcomeOf({ row, ...decided }),
      rule: decided.rule,
      value: this.#toClient(row.value),
      file: maySeeFiles ? row.file : null,
    }));
  }

  get candidates(): bigint {
    return this.explanation.counts.CANDIDATE;
  }

  get withoutValue(): bigint {
    return this.explanation.counts.WITHOUT_VALUE;
  }

  get afterAsOf(): bigint {
    return this.explanation.counts.AFTER_AS_OF;
  }

  get writtenAfterKnownAt(): bigint {
    return this.explanation.counts.WRITTEN_AFTER_KNOWN_AT;
  }

  get ageSeconds(): number | null {
    const { decision, terms } = this.explanation;
    return decision.timestamp === null ? null : secondsBetween(decision.timestamp, terms.time);
  }

  get ttlSeconds(): number | null {
    const { ttl } = this.explanation.terms;
    return ttl === null ? null : Number(ttl) / 1e6;
  }

  get validUntil(): bigint | null {
    return this.explanation.validUntil;
  }

  get source(): Promise<FeatureSource> {
    return this.context.explanations.source(this.feature.source);
  }

  get online(): Promise<OnlineOrigin | null> {
    if (!this.isCurrent) return Promise.resolve(null);
    return this.context.explanations.originOf(this.feature, this.explanation);
  }

  #toClient(value: RawValue | null): unknown {
    return value === null ? null : toClientValue(this.feature.valueType, value);
  }
}

function outcomeOf({ hasWon, class: rowClass }: ExplainedDecision): ExplainedRow['outcome'] {
  if (hasWon) return 'WON';
  return rowClass === 'CANDIDATE' ? 'OLDER' : rowClass;
}

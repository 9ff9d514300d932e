import type { AdmittedQuery, BilledQuery, QueryPayer, QueryReference } from '../datasources/offline/query-payer.js';
import type { Clock } from '../values/clock.js';
import type { Instant } from '../values/instant.js';
import type { OpenWork } from './budget-guard.js';
import type { Costs } from './costs.js';
import { ZERO, type Decimal } from './decimal.js';

/** A hundred reads at the same moment leave a fifth of the rest. */
const SHARE_OF_REST = 1 / 64;

/** A query begins at once after its admission; the client's retries of that request take a minute at most. */
const TIME_TO_BEGIN: Instant = 600_000_000n;

/**
 * Charges queries to the budget of a principal, by what the warehouse billed. No dry run comes before a query, because
 * it would double the time of every read. Instead the query carries what is reserved for it as its maximum, and the
 * warehouse, which estimates each query anyhow, refuses a more expensive one unbilled.
 *
 * What a query may cost at most is reserved before it runs, so queries of all gateways that run at the same moment cannot pass
 * the budget together. A query first gets a small share of the rest, which is enough for most. A larger one is refused by the
 * warehouse, and admitted again with the estimate of a dry run.
 */
export class PrincipalPayer implements QueryPayer {
  constructor(
    private readonly costs: Pick<Costs, 'estimator' | 'guard'>,
    /** null: requests are not authenticated. */
    private readonly principal: string | null,
    private readonly clock: Clock,
  ) {}

  async admit({ query, location, minimumBytes, estimatedBytes }: BilledQuery): Promise<AdmittedQuery> {
    const { estimator, guard } = this.costs;
    // Without a price, nothing can be charged; the bytes are counted all the same.
    const perByte = estimator.pricePerByte({ location }) ?? ZERO;
    if (!guard.hasBudget(this.principal)) return this.#withoutBudget(perByte, query);
    const isPart = estimatedBytes === undefined;
    const leastBytes = isPart ? minimumBytes : estimatedBytes;
    const { id, most, refusal } = await guard.admitQuery(this.principal, perByte.times(leastBytes), {
      shareOfRest: isPart ? SHARE_OF_REST : 0,
      work: this.#workOf(query, perByte),
    });
    const bytes = most === null || perByte.isZero() ? null : BigInt(most.dividedBy(perByte).floor().toFixed());
    return {
      // Rounded money must not refuse what is paid for.
      maximumBytes: bytes !== null && bytes < leastBytes ? leastBytes : bytes,
      isPart,
      refusal: async (cause) => refusal(cause),
      settle: async (billedBytes) => {
        // An unknown bill keeps what is reserved. A store of budgets that does not answer keeps it too.
        if (billedBytes === null) return;
        await guard.settle(id, perByte.times(billedBytes), billedBytes).catch(() => undefined);
      },
    };
  }

  /**
   * Nothing comes before the read: it neither waits for the store of budgets nor fails with it. The id of the query is
   * stored while the query begins, so that the bill is found also if the process ends before it is known.
   */
  #withoutBudget(perByte: Decimal, query: QueryReference): AdmittedQuery {
    const { guard } = this.costs;
    const noted = guard.admitQuery(this.principal, ZERO, { work: this.#workOf(query, perByte) }).catch(() => undefined);
    return {
      maximumBytes: null,
      refusal: async () => {
        throw new Error('a query without a maximum was refused for it');
      },
      settle: async (billedBytes) => {
        const admission = await noted;
        // Without the note there is nothing to settle. One whose answer was lost is settled like those of a crash.
        if (admission === undefined || billedBytes === null) return;
        await guard.settle(admission.id, perByte.times(billedBytes), billedBytes).catch(() => undefined);
      },
    };
  }

  #workOf(query: QueryReference, perByte: Decimal): OpenWork {
    return {
      perByte: perByte.toFixed(),
      endsBy: String(this.clock() + TIME_TO_BEGIN),
      mayGoOn: false,
      queries: [query],
    };
  }
}

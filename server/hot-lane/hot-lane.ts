import { Kind, type DocumentNode, type OperationDefinitionNode } from 'graphql';
import { historicalReads } from '../../limits/historical.js';
import type { RequestContext } from '../../resolvers/context.js';
import type { OperationGuard, OperationRequest } from '../operation-guard.js';
import type { ReportOperation } from '../report-operation.js';
import { noteRefusal, runOperation, type Place, type RunOptions } from '../run-operation.js';
import { answerText, limitAnswer, tooLargeAnswer } from '../write-answer.js';
import { AnswerParts, type AnswerBytes } from './answer-parts.js';
import { KnownDocuments } from './known-documents.js';
import { KnownOperation } from './known-operation.js';
import type { LaneRequest } from './lane-request.js';
import { PlanRun } from './plan-run.js';

export interface HotLaneOptions extends RunOptions {
  readonly guard: OperationGuard;
  readonly report: ReportOperation;
  /** The largest answer, in bytes. */
  readonly maxResponseBytes: number;
}

/** An answer as it is sent. */
export interface WrittenAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** A long answer is bytes. */
  readonly body: string | AnswerBytes;
}

/** Answers a request whose document is known. */
export type AnswerKnown = (makeContext: () => RequestContext, place: Place) => Promise<WrittenAnswer>;

/**
 * Answers queries that Apollo has answered before: from their text to the text of the answer, by a plan that is compiled
 * once (docs/architecture.md). It adds no check and leaves none out: what it does not know goes to Apollo, and
 * runOperation, which both call, has the checks that depend on the request.
 */
export class HotLane {
  readonly #options: HotLaneOptions;
  readonly #documents = new KnownDocuments();
  readonly #isHistorical = historicalReads();

  constructor(options: HotLaneOptions) {
    this.#options = options;
  }

  /** Apollo parsed and validated a document, and its operation passed the guard. */
  learn(text: string, operation: OperationDefinitionNode, { document, operationName }: OperationRequest): void {
    if (!KnownOperation.canBe(document, operation)) return;
    this.#documents.add(text, new KnownOperation(this.#options.schema, document, operation, operationName));
  }

  /** A document of the operator, which is valid. The guard sees its operations with each request. */
  learnAll(text: string, document: DocumentNode): void {
    const operations = document.definitions.filter((each) => each.kind === Kind.OPERATION_DEFINITION);
    for (const operation of operations) {
      if (operation.name) this.learn(text, operation, { document, operationName: operation.name.value, variables: {} });
      if (operations.length === 1) this.learn(text, operation, { document, operationName: undefined, variables: {} });
    }
  }

  find({ text, operationName }: LaneRequest): KnownOperation | undefined {
    return this.#documents.find(text, operationName);
  }

  /** undefined: no plan can be made for these variables. */
  answerer(known: KnownOperation, request: LaneRequest): AnswerKnown | undefined {
    const { guard, report, maxResponseBytes } = this.#options;
    const { document, operation, operationName } = known;
    const startedAt = performance.now();
    const guarded = guard(operation, { document, operationName, variables: request.variables }, 'response');
    const plan = guarded.errors ? undefined : known.planOf(guarded.coercedVariables);
    if (!plan && !guarded.errors) return undefined;
    return async (makeContext, place) => {
      const context = makeContext();
      const parts = new AnswerParts();
      const run = new PlanRun(known, context, guarded.coercedVariables ?? {}, maxResponseBytes, parts);
      const answer = await runOperation(this.#options, {
        guarded,
        document,
        operation,
        isHistorical: this.#isHistorical(document),
        context,
        documentId: place.documentId,
        place,
        execute: () => plan!.write(run),
      });
      if (known.hasGrown()) this.#documents.measure(request.text);
      const { errors, data } = answer;
      noteRefusal(place, errors, operation.operation);
      report({
        type: operation.operation,
        name: operation.name?.value ?? operationName,
        principal: context.principal.kind,
        documentId: place.documentId,
        startedAt,
        errors,
        hasData: Boolean(data) || answer.status === 304,
      });
      return {
        status: answer.status ?? 200,
        headers: { 'content-type': request.contentType, ...answer.headers },
        body: run.isTooLarge
          ? tooLargeAnswer(this.#options)
          : limitAnswer(parts.insertInto(answerText(answer)), this.#options),
      };
    };
  }
}

import type { Attacked, Sent } from './attacked-gateway.js';

export const TRANSPORTS = ['http', 'webSocket', 'eventStream'] as const;
export type Transport = (typeof TRANSPORTS)[number];

/** What an attack does over one transport, and what comes of it. `outcome` stands in the table of docs/security.md. */
export interface Cell {
  readonly outcome: string;
  readonly run: (gateway: Attacked, transport: Transport) => Promise<void>;
}

/** A test elsewhere that does the attack, because it needs a server of its own. */
export interface CellElsewhere {
  readonly outcome: string;
  readonly file: string;
  /** The name of the test in the file. */
  readonly test: string;
}

/** An attack over a transport that has no way to do it. */
export interface NotApplicable {
  readonly notApplicable: string;
}

/** An attack, named as in docs/security.md, with a cell for each transport. */
export type Attack = { readonly name: string } & Readonly<Record<Transport, Cell | CellElsewhere | NotApplicable>>;

/** An attack that has the same outcome over each transport. */
export function everywhere(name: string, outcome: string, run: Cell['run']): Attack {
  return { name, http: { outcome, run }, webSocket: { outcome, run }, eventStream: { outcome, run } };
}

export function cell(outcome: string, run: Cell['run']): Cell {
  return { outcome, run };
}

/** A document for the kind of operation that a transport takes: ROOT is its type, FIELD a field of it. */
export function documentFor(transport: Transport, document: string): string {
  const [kind, root, field] =
    transport === 'http'
      ? ['query', 'Query', 'viewer { name }']
      : ['subscription', 'Subscription', 'jobProgress(id: "jobs/x") { state }'];
  return `${document.startsWith('{') ? kind : ''} ${document.replaceAll('KIND', kind)}`
    .replaceAll('ROOT', root)
    .replaceAll('FIELD', field);
}

/** Fails unless the request was refused with this code, by few words that say nothing of the inside. */
export function expectRefusal({ data, errors }: Sent, ...codes: readonly string[]): void {
  const found = errors.map(({ extensions }) => String(extensions?.code));
  if (data.some((each) => each !== null && each !== undefined)) {
    throw new Error(`not refused: ${JSON.stringify(data).slice(0, 500)}`);
  }
  if (!found.some((code) => codes.includes(code))) {
    throw new Error(`refused with ${JSON.stringify(errors).slice(0, 500)}, not with ${codes.join(' or ')}`);
  }
  if (errors.length > 11) throw new Error(`${errors.length} errors`);
  const text = JSON.stringify(errors);
  if (/INTERNAL_SERVER_ERROR|call stack|Did you mean|node_modules/.test(text)) throw new Error(text.slice(0, 500));
}

export function times(count: number, text: (index: number) => string): string {
  return Array.from({ length: count }, (_, index) => text(index)).join(' ');
}

export function nested(levels: number, open: string, middle: string, close: string): string {
  return `${open.repeat(levels)} ${middle} ${close.repeat(levels)}`;
}

import type { RefinementCtx } from 'zod';

/** `"name"=dollars`, or `name=dollars` for a name without commas and quotes, up to the next comma. */
const PAIR = /\s*(?:"((?:[^"\\]|\\["\\])+)"|([^",]+))=(\d{1,12}(?:\.\d{1,9})?)\s*(?:,|$)/y;

/**
 * Parses `name=dollars` pairs, separated by commas. The name ends at the last `=`, because names from tokens may
 * contain one. A name with a comma, such as that of a certificate, is in quotes. An unreadable budget is a fault: if it
 * were ignored, there would be no limit.
 */
export function parseBudgets(text: string, context: RefinementCtx): ReadonlyMap<string, number> {
  const budgets = new Map<string, number>();
  const fault = (message: string): void => context.addIssue({ code: 'custom', message });
  let at = 0;
  while (at < text.length) {
    PAIR.lastIndex = at;
    const [whole, quoted, plain, dollars] = PAIR.exec(text) ?? [];
    if (whole === undefined) {
      const end = text.indexOf(',', at);
      const part = text.slice(at, end < 0 ? undefined : end).trim();
      at = end < 0 ? text.length : end + 1;
      if (part !== '') fault(`"${part}" is not name=dollars. Put a name with a comma in quotes: "name"=dollars`);
      continue;
    }
    at += whole.length;
    const name = quoted?.replace(/\\(.)/g, '$1') ?? plain!.trim();
    if (name === '' || budgets.has(name)) fault(name === '' ? 'a budget without a name' : `two budgets of ${name}`);
    else budgets.set(name, Number(dollars));
  }
  return budgets;
}

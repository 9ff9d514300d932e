import type { RefinementCtx } from 'zod';

/**
 * Parses `name=dollars` pairs, separated by commas. The name ends at the last `=`, because names from tokens may
 * contain one. An unreadable budget is a fault: if it were ignored, there would be no limit.
 */
export function parseBudgets(text: string, context: RefinementCtx): ReadonlyMap<string, number> {
  const budgets = new Map<string, number>();
  for (const pair of text.split(',').filter((part) => part.trim() !== '')) {
    const [, name, dollars] = /^(.+)=(\d{1,12}(?:\.\d{1,9})?)$/.exec(pair.trim()) ?? [];
    if (name === undefined || budgets.has(name.trim())) {
      const message = name === undefined ? `"${pair.trim()}" is not name=dollars` : `two budgets of ${name.trim()}`;
      context.addIssue({ code: 'custom', message });
      continue;
    }
    budgets.set(name.trim(), Number(dollars));
  }
  return budgets;
}

import { z } from 'zod';
import { SENSITIVITIES } from '../../datasources/registry/model.js';
import { PRINCIPAL_KINDS } from '../principal.js';
import { ACTION_NAMES } from './actions.js';

/**
 * The shape of a policy file. The JSON Schema for editors is generated from it, so the descriptions address the editor's
 * user. The bounds are far above what a person reviews: they keep the check of a file fast.
 */
const MAX_RULES = 1_000;
const MAX_ITEMS = 1_000;
const MAX_PATTERN_LENGTH = 500;

const pattern = z.string().min(1).max(MAX_PATTERN_LENGTH);
const patterns = z.array(pattern).min(1).max(MAX_ITEMS);

const who = z
  .strictObject({
    names: patterns.optional().describe('Names of principals, e.g. user:alice@example.com. * is any text.'),
    kinds: z.array(z.enum(PRINCIPAL_KINDS)).min(1).optional().describe('Kinds of principals.'),
    groups: patterns.optional().describe('Groups: a principal that is in one of them. * is any text.'),
    claims: z
      .record(z.string().min(1).max(MAX_PATTERN_LENGTH), patterns)
      .optional()
      .describe('Claims with their permitted values: the principal has all of these claims. * is any text.'),
  })
  .refine((conditions) => Object.values(conditions).some((condition) => condition !== undefined), {
    message: 'names no principal. Write EVERYONE for all of them',
  })
  .describe('All conditions that are here hold; of a list, one item does.');

const actions = z.array(z.enum(ACTION_NAMES)).min(1);

const rule = z
  .strictObject({
    name: z.string().min(1).max(100).describe('Unique. Explanations and viewer.permissions show it.'),
    who: z.union([z.literal('EVERYONE'), who]).describe('To whom the rule applies.'),
    allow: actions.optional().describe('What they may do. A rule has allow or deny.'),
    deny: actions.optional().describe('What they may not do, whatever other rules allow.'),
    featurestores: patterns.optional().describe('Names of featurestores. Nothing: all. * is any text.'),
    entityTypes: patterns.optional().describe('Names of entity types. Nothing: all. * is any text.'),
    features: patterns.optional().describe('Names of features. Nothing: all. * is any text.'),
    sensitivity: z
      .array(z.enum(SENSITIVITIES))
      .min(1)
      .optional()
      .describe('Only features of these sensitivities. Nothing: all.'),
    entityIds: patterns
      .optional()
      .describe(
        'Only entities with these ids. Nothing: all. * is any text; {name} and {claims.tenant} are the name and a claim of the principal. The pattern of a composite id has a part for each column, with commas between.',
      ),
    models: patterns.optional().describe('Names of models. Nothing: all. * is any text.'),
    files: patterns
      .optional()
      .describe('Paths in the folder for files, or gs:// addresses. Nothing: all. * is any text, with slashes.'),
    tables: patterns.optional().describe('Names of tables, as requests write them. Nothing: all. * is any text.'),
    createdBy: patterns.optional().describe('Jobs of these principals. Nothing: of all, and of no one. * is any text.'),
    maxCostUsd: z
      .number()
      .min(0)
      .optional()
      .describe('The maximum estimate of one job or preview, in US dollars. Of several rules, the greatest counts.'),
  })
  .describe('Allows or denies actions.');

export const policyDocument = z
  .strictObject({
    rules: z.array(rule).max(MAX_RULES).describe('What no rule allows is denied. A rule that denies counts more.'),
  })
  .describe('Who may do what.');

export type PolicyDocument = z.infer<typeof policyDocument>;
export type Rule = PolicyDocument['rules'][number];
export type Who = Exclude<Rule['who'], 'EVERYONE'>;

/** The JSON Schema of a policy file for editors. */
export function policyJsonSchema(): object {
  return z.toJSONSchema(policyDocument, { io: 'input' });
}

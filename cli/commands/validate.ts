import { Command, InvalidArgumentError } from 'commander';
import { addFileFlags, namingFlags, toFileInput, type FileFlags } from '../file-flags.js';
import { gatewayAt, tokenOption, urlOption } from '../gateway-client.js';
import { toTrainingSetInput, type TrainingSetFlags } from '../training-set-flags.js';
import { VALIDATION_FIELDS, validationLines, type ValidationReport } from '../training-set-report.js';

interface ValidateOptions extends FileFlags, TrainingSetFlags {
  readonly column?: readonly { readonly feature: string; readonly column: string }[];
  readonly url: string;
  readonly token?: string;
}

/** `featuregraph validate <file>`: checks a training set of any program for leaks. It ends with 1 if there are any. */
export function validateCommand(): Command {
  const command = new Command('validate')
    .description('Check a training set of any program for leaks, in a running gateway. Exit code 1: there are leaks.')
    .argument('<file>', 'the training set: a file in the folder for files')
    .requiredOption('--featurestore <name>', 'the featurestore')
    .requiredOption('--entity-type <name>', 'the entity type of each row')
    .option('--time-column <column>', 'the column with the time of a label')
    .option('--id-column <column...>', 'the columns with the id of the entity')
    .option('--feature <name...>', 'the features (default, without --view: all)')
    .option('--view <name...>', 'the features of these views')
    .option('--column <feature=column...>', 'the column of a feature, if it has another name', featureColumn)
    .option('--ttl-seconds <seconds>', 'the age after which a value is expired', number)
    .option('--strictly-before', 'count values with exactly the label’s time as leaks')
    .option('--known-at-label-time', 'count values that were written after the label’s time as leaks')
    .option('--known-at <time>', 'count values that were written after this RFC 3339 time as leaks')
    .option('--include-expired', 'the training set includes expired values')
    .option('--with-timestamps', 'the file has a column <feature>__timestamp for each feature: check these times')
    .option('--full-validation', 'compare all rows with the history, not only a sample')
    .option('--validation-seed <number>', 'choose another sample to compare', number);
  return addFileFlags(command)
    .addOption(urlOption())
    .addOption(tokenOption())
    .action(
      namingFlags(async (file: string, options: ValidateOptions) => {
        const answer = await gatewayAt(options).ask<{ validateTrainingSet: ValidationReport }>(
          `query ($input: ValidateTrainingSetInput!) { validateTrainingSet(input: $input) { ${VALIDATION_FIELDS} } }`,
          { input: toInput(file, options) },
        );
        const { validateTrainingSet: report } = answer;
        process.stdout.write(`${validationLines(report).join('\n')}\n`);
        if (report.leakedRows !== '0') process.exitCode = 1;
      }),
    );
}

function toInput(file: string, options: ValidateOptions): Record<string, unknown> {
  const source = { file: { ...toFileInput(options), path: file } };
  return { trainingSet: toTrainingSetInput(options, source), columns: options.column };
}

function featureColumn(
  text: string,
  before: readonly { readonly feature: string; readonly column: string }[] = [],
): readonly { readonly feature: string; readonly column: string }[] {
  const at = text.indexOf('=');
  if (at < 1 || at === text.length - 1) throw new InvalidArgumentError('Write it as feature=column.');
  return [...before, { feature: text.slice(0, at), column: text.slice(at + 1) }];
}

function number(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !(value >= 0)) throw new InvalidArgumentError('It is a number, not below 0.');
  return value;
}

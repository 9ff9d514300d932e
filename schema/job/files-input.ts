import { Field, InputType } from 'type-graphql';
import { FileFormatEnum } from './enums.js';
import { FileOptionsInput } from './file-options-input.js';

@InputType({ description: 'A file with a table.' })
export class FileInput extends FileOptionsInput {
  @Field(() => String, {
    description: 'The path of the file in the folder for files. On Google Cloud: a gs:// address.',
  })
  path!: string;

  @Field(() => FileFormatEnum, {
    nullable: true,
    description: 'The format. Null: the extension of `path` decides (.parquet, .csv, .jsonl or .ndjson).',
  })
  format!: keyof typeof FileFormatEnum | null | undefined;
}

@InputType({
  description: 'Files that together are one table. The gateway reads them in the order of `paths`.',
})
export class FilesInput extends FileOptionsInput {
  @Field(() => [String], {
    description:
      'The paths of files, folders or patterns (orders/*.parquet) in the folder for files, at least one. On Google Cloud: gs:// addresses.',
  })
  paths!: string[];

  @Field(() => FileFormatEnum, {
    nullable: true,
    description:
      'The format of all files. Null: the extension of the first path decides (.parquet, .csv, .jsonl or ' +
      '.ndjson).',
  })
  format!: keyof typeof FileFormatEnum | null | undefined;
}

import { Field, InputType } from 'type-graphql';
import { FileFormatEnum } from './enums.js';

@InputType({ description: 'A file with one table.' })
export class FileInput {
  @Field(() => String, {
    description: 'The path of the file in the folder for files. On Google Cloud: its gs:// address.',
  })
  path!: string;

  @Field(() => FileFormatEnum, {
    nullable: true,
    description: 'The format of the file. null: the extension of the path says it (.parquet, .csv, .jsonl, .ndjson).',
  })
  format!: keyof typeof FileFormatEnum | null | undefined;
}

@InputType({
  description: 'Files that together are one table. The rows are read file by file, in the order of `paths`.',
})
export class FilesInput {
  @Field(() => [String], {
    description: 'The paths of the files in the folder for files, at least one. On Google Cloud: gs:// addresses.',
  })
  paths!: string[];

  @Field(() => FileFormatEnum, {
    nullable: true,
    description:
      'The format of all files. null: the extension of the first path says it (.parquet, .csv, .jsonl, .ndjson).',
  })
  format!: keyof typeof FileFormatEnum | null | undefined;
}

import { Field, InputType } from 'type-graphql';
import { CompressionEnum, DateMomentEnum } from './enums.js';

/** The properties that a file itself does not declare (docs/files.md). */
@InputType()
export class FileOptionsInput {
  @Field(() => String, {
    nullable: true,
    description: 'CSV: the character between fields. Null: a comma, and a tab where the name ends in .tsv.',
  })
  delimiter!: string | null | undefined;

  @Field(() => Boolean, {
    nullable: true,
    description: 'CSV: whether the first line has the column names. Null: it has. False: column1, column2 and so on.',
  })
  header!: boolean | null | undefined;

  @Field(() => String, {
    nullable: true,
    description: 'CSV: an unquoted field of this text is null. An empty unquoted field always is.',
  })
  nullText!: string | null | undefined;

  @Field(() => String, {
    nullable: true,
    description: 'CSV: the decimal separator of numbers, "." or ",". Null: ".".',
  })
  decimal!: string | null | undefined;

  @Field(() => String, {
    nullable: true,
    description: 'CSV and JSONL: the encoding, such as ISO-8859-1, WINDOWS-1252 or UTF-16LE. Null: UTF-8.',
  })
  encoding!: string | null | undefined;

  @Field(() => CompressionEnum, {
    nullable: true,
    description: 'CSV and JSONL: the compression. Null: the extension decides (.gz or .zst).',
  })
  compression!: keyof typeof CompressionEnum | null | undefined;

  @Field(() => String, {
    nullable: true,
    description: 'CSV and JSONL: the form of dates in the letters of strptime, such as %d/%m/%Y. Null: ISO 8601.',
  })
  dateFormat!: string | null | undefined;

  @Field(() => String, {
    nullable: true,
    description: 'CSV and JSONL: the form of times in the letters of strptime, such as %d/%m/%Y %H:%M. Null: ISO 8601.',
  })
  timestampFormat!: string | null | undefined;

  @Field(() => String, {
    nullable: true,
    description:
      'The time zone of times that name none, such as UTC or Europe/Zurich. Null: such text is refused; in Parquet it is UTC.',
  })
  timeZone!: string | null | undefined;

  @Field(() => DateMomentEnum, {
    nullable: true,
    description:
      'The moment that a date alone stands for, in `timeZone`. Null: a date where a time is needed is refused.',
  })
  dateAsMoment!: keyof typeof DateMomentEnum | null | undefined;
}

import { Field, ObjectType } from 'type-graphql';
import { CompressionEnum, DateMomentEnum } from './enums.js';

@ObjectType({
  simpleResolvers: true,
  description: 'What a request said of its files. Each field is null if the request did not set it.',
})
export class FileOptions {
  @Field(() => String, { nullable: true, description: 'CSV: the character between fields.' })
  delimiter!: string | null;

  @Field(() => Boolean, { nullable: true, description: 'CSV: whether the first line has the column names.' })
  header!: boolean | null;

  @Field(() => String, { nullable: true, description: 'CSV: an unquoted field of this text is null.' })
  nullText!: string | null;

  @Field(() => String, { nullable: true, description: 'CSV: the decimal separator of numbers, "." or ",".' })
  decimal!: string | null;

  @Field(() => String, { nullable: true, description: 'CSV and JSONL: the encoding, such as ISO-8859-1.' })
  encoding!: string | null;

  @Field(() => CompressionEnum, { nullable: true, description: 'CSV and JSONL: the compression.' })
  compression!: keyof typeof CompressionEnum | null;

  @Field(() => String, {
    nullable: true,
    description: 'CSV and JSONL: the form of dates in the letters of strptime, such as %d/%m/%Y.',
  })
  dateFormat!: string | null;

  @Field(() => String, {
    nullable: true,
    description: 'CSV and JSONL: the form of times in the letters of strptime, such as %d/%m/%Y %H:%M.',
  })
  timestampFormat!: string | null;

  @Field(() => String, {
    nullable: true,
    description: 'The time zone of times that name none, such as UTC or Europe/Zurich.',
  })
  timeZone!: string | null;

  @Field(() => DateMomentEnum, {
    nullable: true,
    description: 'The moment that a date alone stands for, in `timeZone`.',
  })
  dateAsMoment!: keyof typeof DateMomentEnum | null;
}

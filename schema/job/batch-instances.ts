import { Field, InputType, ObjectType, registerEnumType } from 'type-graphql';

export const BatchInstanceFormatEnum = { OBJECT: 'OBJECT', ARRAY: 'ARRAY' } as const;

registerEnumType(BatchInstanceFormatEnum, {
  name: 'BatchInstanceFormat',
  description: 'The form in which a model gets an instance.',
  valuesConfig: {
    OBJECT: { description: 'An object: the values by the names of their columns.' },
    ARRAY: { description: 'A list of the values, in the order of the columns.' },
  },
});

export const InstanceFileFormatEnum = {
  TF_RECORD: 'TF_RECORD',
  TF_RECORD_GZIP: 'TF_RECORD_GZIP',
  FILE_LIST: 'FILE_LIST',
} as const;

registerEnumType(InstanceFileFormatEnum, {
  name: 'InstanceFileFormat',
  description: 'The format of files that only models on Vertex AI read.',
  valuesConfig: {
    TF_RECORD: { description: 'TFRecord files. There should be at least as many files as machines.' },
    TF_RECORD_GZIP: { description: 'TFRecord files that are compressed with gzip.' },
    FILE_LIST: { description: 'Text files: each line is the gs:// address of a file, which is an instance.' },
  },
});

@InputType({ description: 'Files in Cloud Storage that only models on Vertex AI read.' })
export class InstanceFilesInput {
  @Field(() => [String], { description: 'The gs:// addresses of the files, at least one.' })
  paths!: string[];

  @Field(() => InstanceFileFormatEnum, { description: 'The format of the files.' })
  format!: keyof typeof InstanceFileFormatEnum;
}

@InputType({ description: 'How rows of a table or JSON lines become instances. Only models on Vertex AI take this.' })
export class BatchInstancesInput {
  @Field(() => BatchInstanceFormatEnum, {
    nullable: true,
    description: 'The form of an instance. Null: rows of a table become objects, JSON lines stay as they are.',
  })
  format!: keyof typeof BatchInstanceFormatEnum | null | undefined;

  @Field(() => String, {
    nullable: true,
    description: 'A column that identifies an instance: the model does not get it, the output has it. Null: none.',
  })
  keyField!: string | null | undefined;

  @Field(() => [String], {
    nullable: true,
    description: 'The model gets only these columns. Null: all columns. Not with excludedFields.',
  })
  includedFields!: string[] | null | undefined;

  @Field(() => [String], {
    nullable: true,
    description: 'The model does not get these columns. Null: it gets all columns. Not with includedFields.',
  })
  excludedFields!: string[] | null | undefined;
}

@ObjectType({ simpleResolvers: true, description: 'How rows of the source become instances.' })
export class BatchInstances {
  @Field(() => BatchInstanceFormatEnum, {
    nullable: true,
    description: 'The form of an instance. Null: rows of a table become objects, JSON lines stay as they are.',
  })
  format!: keyof typeof BatchInstanceFormatEnum | null;

  @Field(() => String, {
    nullable: true,
    description: 'The column that identifies an instance and that the model does not get. Null: none.',
  })
  keyField!: string | null;

  @Field(() => [String], { description: 'The only columns that the model gets. Empty: all that are not excluded.' })
  includedFields!: readonly string[];

  @Field(() => [String], { description: 'The columns that the model does not get.' })
  excludedFields!: readonly string[];
}

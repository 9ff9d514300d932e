/** The data of an answer as the text of its JSON. Apollo passes it on as it is, and write-answer.ts writes it. */
export class WrittenData {
  constructor(
    readonly text: string,
    /** The limit of the answer was reached: the text has gaps, and is not sent. */
    readonly isTooLarge: boolean,
  ) {}
}

/** A failure that the user can mend. Printed as one line: what is wrong; what to do. */
export class UserError extends Error {
  override readonly name = "UserError";
  readonly remedy: string;

  constructor(message: string, remedy: string, options?: ErrorOptions) {
    super(message, options);
    this.remedy = remedy;
  }

  toLine(): string {
    return `coracle: ${this.message}; ${this.remedy}`;
  }
}

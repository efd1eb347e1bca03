/** Something that the user has to mend: `message` is the whole line. */
export class Refusal extends Error {}

/** `message` of whatever was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

// Text that came from a submission. It may hold whatever its author liked: escape sequences for the
// grader's terminal, characters that XML does not know, marks that turn the order of letters round.

// C0 without \t and \n, DEL, C1.
const CONTROL = /[\x00-\x08\x0b-\x1f\x7f-\x9f]/g;
// What is not seen, or changes the order of what is: zero widths, bidirectional marks, line and
// paragraph separators, the byte-order mark, the tags; and the two that XML forbids.
const UNSEEN =
  /[\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\uffff]|[\u{e0000}-\u{e007f}]/gu;

/** Harmless on a terminal, in HTML and in XML: control characters as `\x1B`, others as `\u202E`. */
export function visible(text: string): string {
  return wellFormed(text)
    .replace(CONTROL, (character) => `\\x${hex(character, 2)}`)
    .replace(UNSEEN, (character) =>
      character === '\ufffd' ? character : `\\u${hex(character, 4)}`,
    );
}

/** The same on one line. */
export function visibleLine(text: string): string {
  return visible(text).replace(/\n/g, '\\n').replace(/\t/g, ' ');
}

/** Not more than this many characters, with a word about the rest. */
export function clipped(text: string, most: number): string {
  if (text.length <= most) return text;
  return `${text.slice(0, most)}\n... and ${text.length - most} characters more`;
}

function hex(character: string, digits: number): string {
  return (character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(digits, '0');
}

/** Lone surrogates become U+FFFD. */
function wellFormed(text: string): string {
  return Buffer.from(text, 'utf8').toString('utf8');
}

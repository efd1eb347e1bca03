// What all reports say alike.
import { diffArrays } from 'diff';
import type { CaseResult, Difference, Evidence, Verdict } from '../result.js';
import { clipped, visible, visibleLine } from '../visible.js';

/** A report never shows more of one piece of evidence, whatever it was given. */
export const MOST_BYTES = 512;
export const MOST_CHARACTERS = 8000;

export const VERDICTS: readonly Verdict[] = ['failed', 'error', 'flaky', 'skipped', 'passed'];

/** `12`, `7.5`. */
export function number(value: number): string {
  return String(Math.round(value * 100) / 100);
}

export function counts(results: readonly CaseResult[]): Record<Verdict, number> {
  const count = { passed: 0, failed: 0, flaky: 0, skipped: 0, error: 0 };
  for (const { verdict } of results) count[verdict]++;
  return count;
}

/** `41 passed, 3 failed, 1 skipped`. */
export function countsText(results: readonly CaseResult[]): string {
  const count = counts(results);
  const words = ['passed', 'failed', 'flaky', 'skipped', 'error'] as const;
  const said = words.filter((word) => word === 'passed' || count[word] > 0);
  return said.map((word) => `${count[word]} ${word}`).join(', ');
}

/** The program at the other end, for people. */
export function partnerName(partner: string | null): string {
  if (partner === null) return 'by itself';
  if (partner === 'submission') return 'with its own other half';
  return partner === 'reference' ? 'with the reference' : `with ${visibleLine(partner)}`;
}

/** Every name is given once: a case that had two partners says which. */
export function caseLabel(result: CaseResult, all: readonly CaseResult[]): string {
  const alone = all.filter(({ name }) => name === result.name).length === 1;
  return visibleLine(alone ? result.name : `${result.name} (${partnerName(result.partner)})`);
}

/** The explanation and the evidence as plain text. */
export function detailText(result: CaseResult): string {
  const parts = [
    result.title,
    result.specification === '' ? '' : `Specification: ${result.specification}`,
    result.explanation,
    ...result.evidence.map(evidenceText),
    result.runs > 1 ? `Passed ${result.passes} of ${result.runs} runs.` : '',
  ];
  const text = parts.filter((part) => part !== '').join('\n\n');
  return visible(text);
}

function evidenceText(evidence: Evidence): string {
  if (evidence.kind === 'excerpt') {
    return `${evidence.title}:\n${clipped(evidence.text, MOST_CHARACTERS).replace(/^/gm, '    ')}`;
  }
  const lines = [
    `${evidence.title}: the first difference is at byte ${evidence.offset}`,
    `    expected ${evidence.expectedBytes} bytes, there were ${evidence.actualBytes}`,
    ...(['expected', 'actual'] as const).flatMap((which) =>
      hexLines(evidence, which).map(
        (line, index) => `    ${index === 0 ? which.padEnd(8) : ' '.repeat(8)} ${line}`,
      ),
    ),
  ];
  return lines.join('\n');
}

function hexLines(difference: Difference, which: 'expected' | 'actual'): string[] {
  const rows = hexRows(difference, which, 16);
  return rows.map(({ offset, cells }) => {
    const codes = cells
      .map(({ hex }) => hex)
      .join(' ')
      .padEnd(47);
    return `${offset.toString(16).padStart(8, '0')}  ${codes}  ${cells.map(({ text }) => text).join('')}`;
  });
}

export interface HexCell {
  hex: string;
  text: string;
  differs: boolean;
}

/** Some bytes of one side, in rows. What is not on the other side, in that order, differs. */
export function hexRows(
  difference: Difference,
  which: 'expected' | 'actual',
  perRow: number,
): { offset: number; cells: HexCell[] }[] {
  const all = cellsOf(difference, which);
  // The rows of both sides stand at the same offsets.
  const lead = difference.start % perRow;
  const padded = [...Array.from({ length: lead }, () => NO_CELL), ...all];
  return Array.from({ length: Math.ceil(padded.length / perRow) }, (_, row) => ({
    offset: difference.start - lead + row * perRow,
    cells: padded.slice(row * perRow, (row + 1) * perRow),
  }));
}

const NO_CELL: HexCell = { hex: '  ', text: ' ', differs: false };

/** Byte is compared with byte in order and not by place: one that is missing marks itself alone. */
function cellsOf(difference: Difference, which: 'expected' | 'actual'): HexCell[] {
  const [expected, actual] = [decode(difference.expected), decode(difference.actual)];
  const other = which === 'expected' ? 'added' : 'removed';
  return diffArrays([...expected], [...actual])
    .filter((part) => !part[other])
    .flatMap((part) => part.value.map((byte) => cellOf(byte, part.added || part.removed)));
}

function cellOf(byte: number, differs: boolean): HexCell {
  const text = byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '\u00b7';
  return { hex: byte.toString(16).padStart(2, '0'), text, differs };
}

export function decode(base64: string): Buffer {
  // Four characters are three bytes; no more is decoded than is shown.
  return Buffer.from(base64.slice(0, Math.ceil(MOST_BYTES / 3) * 4), 'base64');
}

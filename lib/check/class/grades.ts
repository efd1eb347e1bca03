// Grades as Canvas imports them: its gradebook's columns, and one for the assignment.
import { readFileSync } from 'node:fs';
import type { ClassEntry, ClassResult } from '../class-result.js';
import { Refusal } from '../refusal.js';
import { rounded } from '../rubric.js';
import { visibleLine } from '../visible.js';
import { writeWhole } from '../reports/write.js';
import type { Grades } from './config.js';

/* eslint-disable @typescript-eslint/no-require-imports -- loaded only where grades are written */
const loadParse = () => require('csv-parse/sync') as typeof import('csv-parse/sync');
const loadStringify = () => require('csv-stringify/sync') as typeof import('csv-stringify/sync');

const POSSIBLE = 'Points Possible';
const COLUMNS = ['Student', 'ID', 'SIS User ID', 'SIS Login ID', 'Section'];
const NEEDED = ['Student', 'ID', 'SIS Login ID', 'Section'];

/** @returns what the staff should know: who is in one list and not in the other */
export function writeGrades(result: ClassResult, grades: Grades): string[] {
  const graded = result.entries.filter(({ report }) => report !== null);
  const possible = Math.max(0, ...graded.map(({ report }) => report?.maxPoints ?? 0));
  const { rows, notices } =
    grades.gradebook === null
      ? { rows: withoutGradebook(result, grades.assignment, possible), notices: [] }
      : withGradebook(result, grades.assignment, possible, grades.gradebook);
  // A name that begins with = is a formula to a spreadsheet.
  writeWhole(grades.file, loadStringify().stringify(rows, { escape_formulas: true }));
  return notices;
}

type Rows = string[][];

function withoutGradebook(result: ClassResult, assignment: string, possible: number): Rows {
  return [
    [...NEEDED, assignment],
    [`    ${POSSIBLE}`, '', '', '', points(possible)],
    ...result.entries.map((entry) => [
      visibleLine(entry.student.name),
      entry.student.canvasId ?? '',
      entry.student.canvasId === null ? visibleLine(entry.student.name) : '',
      '',
      gradeOf(entry),
    ]),
  ];
}

/** Canvas's own export, with its rows as they are, and this assignment's column alone. */
function withGradebook(
  result: ClassResult,
  assignment: string,
  possible: number,
  file: string,
): { rows: Rows; notices: string[] } {
  const rows = readCsv(file);
  const head = rows[0] ?? [];
  const missing = ['Student', 'ID'].filter((name) => !head.includes(name));
  if (missing.length > 0) {
    throw new Refusal(
      `${file}: there is no column ${missing.join(' and ')}; export it from Canvas`,
    );
  }
  const kept = COLUMNS.filter((name) => head.includes(name));
  // Canvas writes `Sockets (12345)`; with its number it finds the assignment again.
  const column = head.find((name) => name === assignment || isNumbered(name, assignment));
  const left = new Set(result.entries);
  const notices: string[] = [];
  const body = rows.slice(1).map((row) => {
    const cell = (name: string) => row[head.indexOf(name)] ?? '';
    const cells = kept.map(cell);
    if (cell('Student').trim() === POSSIBLE) return [...cells, points(possible)];
    const entry = result.entries.find(({ student }) => isHis(student, cell));
    if (entry === undefined) return [...cells, column === undefined ? '' : cell(column)];
    left.delete(entry);
    return [...cells, gradeOf(entry)];
  });
  for (const { student } of left) {
    notices.push(`${visibleLine(student.name)} is not in the gradebook; no grade was written`);
  }
  return { rows: [[...kept, column ?? assignment], ...body], notices };
}

function isNumbered(column: string, assignment: string): boolean {
  return (
    column.startsWith(`${assignment} (`) && /^\(\d+\)$/.test(column.slice(assignment.length + 1))
  );
}

function isHis(student: ClassEntry['student'], cell: (name: string) => string): boolean {
  if (student.canvasId !== null) return cell('ID') === student.canvasId;
  return [cell('SIS Login ID'), cell('ID')].includes(student.name);
}

function readCsv(file: string): Rows {
  try {
    return loadParse().parse(readFileSync(file), { bom: true, relax_column_count: true });
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw new Refusal(`${file}: ${code === 'ENOENT' ? 'there is no such file' : message}`);
  }
}

/** Empty where nothing was graded: Canvas then leaves what is there. */
function gradeOf({ report }: ClassEntry): string {
  return report === null ? '' : points(report.points);
}

function points(value: number): string {
  return String(rounded(value));
}

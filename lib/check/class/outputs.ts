// What comes of the results: reports, feedback, grades.
import { join } from 'node:path';
import type { ClassEntry, ClassResult } from '../class-result.js';
import type { ReportTarget } from '../reports/write.js';
import { reportText, writeClassReports, writeWhole } from '../reports/write.js';
import { applyRubric, type Rubric } from '../rubric.js';
import type { Grades } from './config.js';
import { writeGrades } from './grades.js';
import { fileNameOf, Store, type Manifest, type StoredResult } from './store.js';

export interface Outputs {
  reports: readonly ReportTarget[];
  feedback: string | null;
  grades: Grades | null;
}

/** The class as far as it is graded, from its results folder. */
export function resultOf(store: Store, rubric: Rubric | null): ClassResult {
  const { title, students } = store.readManifest();
  const entries = students.map((student) => entryOf(store.read(student.name), student, rubric));
  return { title, entries };
}

/** The same from several machines' folders: of one name the result that was made last counts. */
export function mergedResult(
  folders: readonly string[],
  rubric: Rubric | null | undefined,
): { result: ClassResult; manifests: Manifest[] } {
  const stores = folders.map((folder) => new Store(folder));
  const manifests = stores.map((store) => store.readManifest());
  const points = rubric === undefined ? (manifests.find((m) => m.rubric)?.rubric ?? null) : rubric;
  const students = new Map(manifests.flatMap((m) => m.students).map((one) => [one.name, one]));
  const names = [...students.keys()].sort();
  const entries = names.flatMap((name) => {
    const student = students.get(name);
    if (student === undefined) return [];
    const found = stores.flatMap((store) => store.read(name) ?? []);
    return [entryOf(found.sort(byAge).at(-1) ?? null, student, points)];
  });
  return { result: { title: manifests[0]?.title ?? '', entries }, manifests };
}

/** A report is worth more than a problem, and a later one more than an earlier. */
function byAge(a: StoredResult, b: StoredResult): number {
  const age = ({ report }: StoredResult) => report?.started ?? '';
  return age(a) < age(b) ? -1 : 1;
}

function entryOf(
  found: StoredResult | null,
  student: ClassEntry['student'],
  rubric: Rubric | null,
): ClassEntry {
  if (found === null) return { student, report: null, problem: '' };
  const { report, problem } = found;
  const rated = report !== null && rubric !== null ? applyRubric(report, rubric) : report;
  return { student, report: rated, problem };
}

/** @returns what the staff should know */
export async function writeOutputs(result: ClassResult, outputs: Outputs): Promise<string[]> {
  await writeClassReports(outputs.reports, result);
  if (outputs.feedback !== null) await writeFeedback(result, outputs.feedback);
  return outputs.grades === null ? [] : writeGrades(result, outputs.grades);
}

async function writeFeedback({ entries }: ClassResult, folder: string): Promise<void> {
  for (const { student, report } of entries) {
    if (report === null) continue;
    const file = join(folder, `${fileNameOf(student.name)}.html`);
    writeWhole(file, await reportText('html', report, null));
  }
}

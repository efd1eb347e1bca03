// Canvas names the files of its submissions archive `lastfirst_LATE_12345_67890_name-1.c`: who, when
// late LATE, Canvas's numbers of the student and of the attempt, and the file's name, to which it
// adds -1, -2 when a student hands in again.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Student } from '../class-result.js';
import type { HandedFile } from './sources.js';

export interface CanvasHandIn {
  student: Student;
  files: HandedFile[];
}

const NAME = /^(.+?)_(?:(LATE)_)?(\d+)_(\d+)_(.+)$/s;
const AGAIN = /^(.+)-(\d{1,3})((?:\.tar)?\.[^.]+|)$/s;

/** @returns the hand-ins, by student, and the files whose names are not Canvas's */
export function readCanvasFolder(folder: string): { handIns: CanvasHandIn[]; strange: string[] } {
  const byId = new Map<string, CanvasHandIn>();
  const strange: string[] = [];
  const entries = readdirSync(folder, { withFileTypes: true });
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const [, who = '', late, id, , name = ''] = NAME.exec(entry.name) ?? [];
    if (id === undefined || !entry.isFile() || /^\.{1,2}$/.test(name)) {
      strange.push(entry.name);
      continue;
    }
    const student = { name: who, canvasId: id, late: late !== undefined };
    const handIn = byId.get(id) ?? { student, files: [] };
    handIn.student.late ||= student.late;
    handIn.files.push({ path: join(folder, entry.name), name });
    byId.set(id, handIn);
  }
  const handIns = [...byId.values()];
  for (const handIn of handIns) handIn.files = withOwnNames(handIn.files);
  return { handIns: distinct(handIns), strange };
}

/** Takes Canvas's -1 off again, except where two files would then have one name. */
function withOwnNames(files: readonly HandedFile[]): HandedFile[] {
  const own = (name: string) => name.replace(AGAIN, '$1$3');
  const count = (name: string) => files.filter((file) => own(file.name) === name).length;
  return files.map(({ path, name }) => ({ path, name: count(own(name)) === 1 ? own(name) : name }));
}

/** Two students may be called the same. */
function distinct(handIns: CanvasHandIn[]): CanvasHandIn[] {
  const count = (name: string) => handIns.filter((one) => one.student.name === name).length;
  const shared = new Set(handIns.map(({ student }) => student.name).filter((n) => count(n) > 1));
  return handIns.map(({ student, files }) => {
    const name = shared.has(student.name)
      ? `${student.name}-${student.canvasId ?? ''}`
      : student.name;
    return { student: { ...student, name }, files };
  });
}

// What grading a class gives: kept in its results folder, and what overviews are made from.
import type { Report } from './result.js';

/** Who handed in; of Canvas, where its archive told. */
export interface Student {
  /** Unique in the class: the name that reports and results go by. */
  name: string;
  /** Canvas's number of the student. */
  canvasId: string | null;
  late: boolean;
}

export interface ClassEntry {
  student: Student;
  /** Null where there is nothing: not graded yet, or a problem. */
  report: Report | null;
  /** Why it could not be graded; '' where it could, or was not tried. */
  problem: string;
}

export interface ClassResult {
  title: string;
  entries: ClassEntry[];
}

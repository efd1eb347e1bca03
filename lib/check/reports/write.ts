// `--report html=report.html`: which reports there are, and how they get into files.
import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { ClassResult } from '../class-result.js';
import { Refusal } from '../refusal.js';
import type { Report } from '../result.js';
import type { Rubric } from '../rubric.js';
import { lazy } from './lazy.js';

export const REPORT_KINDS = ['html', 'junit', 'json', 'gradescope'] as const;
export type ReportKind = (typeof REPORT_KINDS)[number];

export interface ReportTarget {
  kind: ReportKind;
  file: string;
}

/** `html=report.html`, several of them with commas. */
export function parseReportTargets(text: string): ReportTarget[] {
  return text.split(',').map((part) => {
    const [, kind = '', file = ''] = /^([a-z]*)=(.*)$/.exec(part) ?? [];
    const known = REPORT_KINDS.find((name) => name === kind);
    if (known === undefined || file === '') {
      throw new Refusal(
        `--report '${part}': write KIND=FILE with one of ${REPORT_KINDS.join(', ')}, as html=report.html`,
      );
    }
    return { kind: known, file };
  });
}

/** Writes what was asked for of one submission. */
export async function writeReports(
  targets: readonly ReportTarget[],
  report: Report,
  rubric: Rubric | null,
): Promise<void> {
  for (const { kind, file } of targets) {
    writeWhole(file, await reportText(kind, report, rubric));
  }
}

/** Writes what was asked for of a class. */
export async function writeClassReports(
  targets: readonly ReportTarget[],
  result: ClassResult,
): Promise<void> {
  for (const { kind, file } of targets) writeWhole(file, await classText(kind, result));
}

/** One report in one format. */
export async function reportText(
  kind: ReportKind,
  report: Report,
  rubric: Rubric | null,
): Promise<string> {
  switch (kind) {
    case 'html':
      return lazy.submission().submissionHtml(report, await lazy.charts().loadCharts());
    case 'junit':
      return lazy.junit().junitReport([report]);
    case 'json':
      return json(report);
    case 'gradescope':
      return lazy.gradescope().gradescopeReport(report, rubric);
  }
}

async function classText(kind: ReportKind, result: ClassResult): Promise<string> {
  switch (kind) {
    case 'html':
      return lazy.class().classHtml(result, await lazy.charts().loadCharts());
    case 'junit':
      return lazy.junit().junitReport(result.entries.flatMap(({ report }) => report ?? []));
    case 'json':
      return json(result);
    case 'gradescope':
      throw new Refusal(
        '--report gradescope=... is for one submission; Gradescope runs each alone',
      );
  }
}

function json(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

/** The file is the old one or the new one, and never a part. */
export function writeWhole(file: string, text: string): void {
  const part = `${file}.${process.pid}.part`;
  try {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(part, text);
    renameSync(part, file);
  } catch (error) {
    const { code = String(error) } = error as NodeJS.ErrnoException;
    throw new Refusal(`write ${file}: ${code}`);
  }
}

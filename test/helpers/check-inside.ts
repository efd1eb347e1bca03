// The parts of sockcheck, for tests of each of them by itself.
export {
  parseReportTargets,
  reportText,
  writeClassReports,
} from '../../dist/lib/check/reports/write.js';
export { applyRubric, readRubric } from '../../dist/lib/check/rubric.js';
export { visible, visibleLine } from '../../dist/lib/check/visible.js';
export type { ClassResult } from '../../dist/lib/check/class-result.js';

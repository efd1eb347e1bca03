// The parts of sockcheck that its own tests use, and the package does not export.
export { whyNotPreloaded } from '../../dist/lib/check/elf.js';
export { Shim, type Faults } from '../../dist/lib/check/shim.js';
export { findings, readBeforeSending, servingThreads } from '../../dist/lib/check/shim-findings.js';
export { eventsOf, readShimLog, type ShimEvent } from '../../dist/lib/check/shim-log.js';
export { grade, DEFAULT_LIMITS } from '../../dist/lib/check/grade.js';
export { CASES } from '../../dist/lib/check/cases/index.js';
export { CaseFailure } from '../../dist/lib/check/failure.js';
export { clientTemplate, serverTemplate } from '../../dist/lib/check/partners.js';
export { Trial } from '../../dist/lib/check/trial.js';
export type { CaseResult, Report, Verdict } from '../../dist/lib/check/result.js';

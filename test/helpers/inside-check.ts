// The parts of sockcheck that its own tests use, and the package does not export.
export { whyNotPreloaded } from '../../dist/lib/check/elf.js';
export { Shim, type Faults } from '../../dist/lib/check/shim.js';
export { findings, readBeforeSending, servingThreads } from '../../dist/lib/check/shim-findings.js';
export { eventsOf, readShimLog, type ShimEvent } from '../../dist/lib/check/shim-log.js';

// The process that grades one submission of a class.
import { bench } from '../check/bench/bench.js';
import { work } from '../check/class/worker.js';
import { grade } from '../check/grade.js';

/** `sockcheck worker`, which a class's sockcheck starts for itself. */
export async function workerMain(): Promise<number> {
  await work(async (task, options) => {
    const report = await grade(task.submission, options);
    if (!task.bench || report.server?.buildFailure !== undefined) return report;
    const { measurements, notices } = await bench(task.submission, options);
    return { ...report, measurements, notices: [...(report.notices ?? []), ...notices] };
  });
  return 0;
}

// Writes reports in a process of its own: the chart library is an ES module, which jest's modules
// cannot load. stdin: { targets, report } or { targets, result }.
const { writeClassReports, writeReports } = require('../../dist/lib/check/reports/write.js');

let text = '';
process.stdin.on('data', (chunk) => (text += chunk));
process.stdin.on('end', async () => {
  const { targets, report, result } = JSON.parse(text);
  if (report) await writeReports(targets, report, null);
  else await writeClassReports(targets, result);
});

// npm run format: rewrites every file as the linters want it.
import { bin, must } from './run.mjs';
import { nativeFiles } from './lint.mjs';

await must('prettier', process.execPath, [bin('prettier/bin/prettier.cjs'), '--write', '.']);
const files = nativeFiles();
await must('clang-format', process.execPath, [bin('clang-format/index.js'), '-i', ...files]);

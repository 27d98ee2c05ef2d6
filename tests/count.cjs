// Sums up vitest's JSON results: `count.cjs FILE...`; one line, as continuous integration reads it.
const { readFileSync } = require("node:fs");

const total = { passed: 0, failed: 0, skipped: 0 };
for (const file of process.argv.slice(2)) {
  const result = JSON.parse(readFileSync(file, "utf8"));
  total.passed += result.numPassedTests;
  // A file that does not load has no failed test, but the run is no success.
  total.failed += result.numFailedTests === 0 && !result.success ? 1 : result.numFailedTests;
  total.skipped += result.numPendingTests + result.numTodoTests;
}
console.log(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);

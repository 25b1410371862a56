// Runs the tests, one after the other, and says which fail.

import { readdirSync } from "node:fs";

let failed = 0;
let count = 0;
process.on("unhandledRejection", (error) => {
  failed += 1;
  console.log(`FAILED: nobody handled: ${error.message}`);
});
for (const file of readdirSync(new URL(".", import.meta.url)).filter((name) => name.endsWith(".test.js")).sort()) {
  const { tests } = await import(`./${file}`);
  for (const [name, test] of Object.entries(tests)) {
    count += 1;
    try {
      await test();
    } catch (error) {
      failed += 1;
      console.log(`FAILED: ${file}: ${name}\n  ${error.message.split("\n").join("\n  ")}`);
    }
  }
}
console.log(`${count} tests, ${failed} failed`);
process.exitCode = failed ? 1 : 0;

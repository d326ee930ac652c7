// Runs the browser's verifier under Node. Each line of standard input is {"path", "keys"}; each line of standard
// output is the report on it.
import { readFileSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";

import { verifyPackage } from "../../src/candor/verify/web/package.js";
import { trustFromText } from "../../src/candor/verify/web/trust.js";

function* files(folder, prefix) {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const name = `${prefix}/${entry.name}`;
    if (entry.isDirectory()) yield* files(join(folder, entry.name), name);
    else yield [name, new Blob([readFileSync(join(folder, entry.name))])];
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  const { path, keys } = JSON.parse(line);
  const given = statSync(path).isDirectory() ? [...files(path, "package")] : new Blob([readFileSync(path)]);
  console.log(JSON.stringify(await verifyPackage(given, trustFromText(keys.join("\n"), "the test"))));
}

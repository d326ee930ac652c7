// Takes the content credentials out of every film in a folder: {name: {"sha256"} or {"refused": "none"|"malformed"}}.
import { createHash } from "node:crypto";
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";

import { NoCredentials, withoutCredentials } from "../../src/candor/verify/web/credentials.js";
import { VerifyError } from "../../src/candor/verify/web/tlog.js";

const found = {};
const folder = process.argv[2];
for (const name of readdirSync(folder)) {
  const digest = createHash("sha256");
  try {
    for await (const piece of withoutCredentials(new Blob([readFileSync(join(folder, name))]))) digest.update(piece);
    found[name] = { sha256: digest.digest("hex") };
  } catch (error) {
    if (!(error instanceof VerifyError)) throw error;
    found[name] = { refused: error instanceof NoCredentials ? "none" : "malformed" };
  }
}
console.log(JSON.stringify(found));

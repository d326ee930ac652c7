// @ts-check
/**
 * Verification of a package in the browser: the same twelve numbered steps as `package.py`, with the same outcomes.
 * Here are steps 1 to 7; 8 to 12 are in `custody.js`.
 * @module
 */

import { UnreadableBag, UnsafeBag, folderBag, parseManifest, quoted } from "./bag.js";
import { Case, many, moment, used } from "./case.js";
import { checkCustody } from "./custody.js";
import { REDACTED, checkRedacted } from "./redacted.js";
import { zipBag } from "./zip.js";
import { VerifyError, parseCheckpoint, parsePolicy, quorumMet, shown, verifyCosignature, verifyLogSignature } from "./tlog.js";

/** @typedef {import("./bag.js").Bag} Bag */
/** @typedef {import("./tlog.js").Checkpoint} Checkpoint */
/** @typedef {import("./tlog.js").Policy} Policy */
/** @typedef {import("./case.js").Doing} Doing */
/** @typedef {import("./case.js").Report} Report */
/** @typedef {import("./case.js").Step} Step */
/** @typedef {import("./case.js").Trust} Trust */

const MANIFEST = "manifest-sha256.txt";
const TAG_MANIFEST = "tagmanifest-sha256.txt";
const CHECKPOINT = "custody/checkpoint";
const POLICY = "custody/policy.txt";
const BAGIT_TXT = "BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n";

const LOUD =
  "NOT PROVEN: no key was given from outside, so the keys inside the package are used. They show only that the " +
  "package agrees with itself; a forger would have put in keys of their own";

/**
 * Verify a package. `given` is a zip, or files with their paths as a folder input gives them. Never throws for what
 * the package holds: the report says it.
 * @param {Blob | Iterable<[string, Blob]>} given
 * @param {Trust} trust
 * @param {{progress?: (done: number, total: number) => void, onStep?: (step: Step) => void}} [watch]
 * @returns {Promise<Report>}
 */
export async function verifyPackage(given, trust, watch = {}) {
  const it = new Case(trust, watch.onStep);
  // 1. The bag is readable, holds nothing but plain files, and is declared.
  await it.step(1, async (step) => {
    try {
      it.bag = given instanceof Blob ? await zipBag(given) : folderBag(given);
    } catch (error) {
      it.report.unreadable = error instanceof UnreadableBag;
      throw error;
    }
    it.report.unreadable = !it.bag.has("bagit.txt") && !it.bag.has(MANIFEST);
    await checkDeclaration(it.bag, step);
  });
  if (!it.bag) {
    for (let number = 2; number <= 12; number++) {
      await it.step(number, (step) => step.notRun("not run: there is no package to look into"));
    }
    return finished(it.report);
  }
  const total = it.bag.names.reduce((sum, name) => sum + it.open.size(name), 0);
  let done = 0;
  it.progress = (bytes) => watch.progress?.((done += bytes), total);
  await checkFiles(it);
  await checkLog(it);
  if (it.bag.has(REDACTED)) await checkRedacted(it);
  else await checkCustody(it);
  return finished(it.report);
}

/** @param {Report} report */
function finished(report) {
  const failed = report.steps.filter((step) => step.outcome === "failed").map((step) => step.step);
  report.firstFailure = failed.length ? Math.min(...failed) : null;
  if (report.unreadable) report.verdict = "unreadable";
  else if (report.firstFailure !== null) report.verdict = "failed";
  else report.verdict = report.keys === "outside" ? "verified" : "consistent-not-proven";
  return report;
}

/** Step 1. @param {Bag} bag @param {Doing} step */
async function checkDeclaration(bag, step) {
  if ((await bag.text("bagit.txt", 1000)) !== BAGIT_TXT) {
    throw new UnsafeBag("bagit.txt does not declare BagIt 1.0 in UTF-8, and nothing else.");
  }
  for (const name of bag.names) {
    const list = /^(tag)?manifest-[^/]*$/.test(name) && name !== MANIFEST && name !== TAG_MANIFEST;
    if (list || name === "fetch.txt") step.fail(`${quoted(name)} is a second list of files, which no package has`);
  }
  for (const name of bag.leftBehind) {
    step.warn(`${quoted(name)} was left by the computer's file browser; it is no part of the package`);
  }
}

// ---------------------------------------------------------------- steps 2 to 4: files

/** @param {Case} it */
async function checkFiles(it) {
  const bag = it.open;
  /** @type {Map<string, string>} */
  let payload = new Map();
  // 2. The payload manifest lists every file under data/, and nothing else.
  await it.step(2, async (step) => {
    payload = parseManifest(await bag.text(MANIFEST), MANIFEST);
    const present = bag.names.filter((name) => name.startsWith("data/"));
    compare(step, new Set(payload.keys()), new Set(present), "the list of payload files");
    const bytes = present.reduce((sum, name) => sum + bag.size(name), 0);
    for (const line of (await bag.text("bag-info.txt", 1_000_000)).split("\n")) {
      if (line.startsWith("Payload-Oxum:") && line.slice(13).trim() !== `${bytes}.${present.length}`) {
        step.fail(`bag-info.txt says Payload-Oxum ${quoted(line.slice(13).trim())}; it is ${bytes}.${present.length}`);
      }
    }
    step.say(`${many(present.length)} files, ${many(bytes)} bytes`);
  });
  // 3. Every payload file has the digest the manifest lists.
  await it.step(3, async (step) => {
    if (payload.size) await checkDigests(it, payload, step);
    else step.notRun("not run: there is no list to compare with");
  });
  // 4. The tag manifest lists every other file but itself, with its digest.
  await it.step(4, async (step) => {
    const tags = parseManifest(await bag.text(TAG_MANIFEST), TAG_MANIFEST);
    const present = bag.names.filter((name) => !name.startsWith("data/") && name !== TAG_MANIFEST);
    compare(step, new Set(tags.keys()), new Set(present), "the list of other files");
    await checkDigests(it, tags, step);
  });
}

/** @param {Doing} step @param {Set<string>} listed @param {Set<string>} present @param {string} what */
function compare(step, listed, present, what) {
  for (const name of [...listed].sort()) {
    if (!present.has(name)) step.fail(`${quoted(name)} is in ${what} but not in the package: it is missing`);
  }
  for (const name of [...present].sort()) {
    if (!listed.has(name)) step.fail(`${quoted(name)} is in the package but not in ${what}: it was added`);
  }
}

/** @param {Case} it @param {Map<string, string>} listed @param {Doing} step */
async function checkDigests(it, listed, step) {
  let checked = 0;
  for (const name of [...listed.keys()].sort()) {
    if (!it.open.has(name)) continue;
    try {
      const found = await it.open.digests(name, it.progress);
      checked += 1;
      if (found.sha256 !== listed.get(name)) step.fail(`${quoted(name)} was changed: its SHA-256 is ${found.sha256}`);
    } catch (error) {
      if (!(error instanceof VerifyError)) throw error;
      step.fail(error);
    }
  }
  step.say(`${many(checked)} files`);
}

// ---------------------------------------------------------------- steps 5 to 7: keys, log, witnesses

/** @param {Case} it */
async function checkLog(it) {
  let unread = "";
  try {
    it.checkpointText = await it.open.text(CHECKPOINT, 1_000_000);
    it.checkpoint = parseCheckpoint(it.checkpointText);
    it.report.treeSize = it.checkpoint.size;
  } catch (error) {
    if (!(error instanceof VerifyError)) throw error;
    unread = error.message;
  }
  const checkpoint = it.checkpoint;
  // 5. The keys come from outside the package, and know the log of the checkpoint.
  await it.step(5, (step) => checkTrust(it, step));
  const policy = it.policy;
  // 6. The checkpoint is signed by the log's key.
  await it.step(6, async (step) => {
    if (!checkpoint) step.fail(unread);
    else if (!policy) step.notRun("not run: there is no key of this log to check with");
    else await checkLogSignature(it, checkpoint, policy, step);
  });
  // 7. The checkpoint is cosigned by the quorum of witnesses that the policy asks for.
  await it.step(7, async (step) => {
    if (!checkpoint || !policy) step.notRun("not run: there is no checkpoint, or no policy to check it by");
    else await checkWitnesses(it, checkpoint, policy, step);
  });
}

/** Step 5. @param {Case} it @param {Doing} step */
async function checkTrust(it, step) {
  const { report, trust, checkpoint } = it;
  let policy = trust.policy;
  if (policy) {
    report.keys = "outside";
    report.keySource = trust.source;
  } else {
    report.keys = "package";
    report.keySource = "custody/policy.txt inside the package";
    policy = parsePolicy(await it.open.text(POLICY, 1_000_000));
    step.warn(LOUD);
  }
  const own = policy.logs.filter((key) => checkpoint && key.name === checkpoint.origin);
  if (checkpoint && !own.length) {
    const names = policy.logs.map((key) => shown(key.name)).join(", ") || "no log at all";
    step.fail(`the checkpoint is of the log ${shown(checkpoint.origin)}; the keys given know ${names}`);
    return;
  }
  it.policy = policy;
  if (own[0]) report.log = used(own[0]);
  if (report.keys !== "outside") return;
  step.say(shown(trust.source));
  try {
    const inside = parsePolicy(await it.open.text(POLICY, 1_000_000));
    const known = new Set(inside.logs.map((key) => key.text));
    if (!policy.logs.some((key) => known.has(key.text))) {
      step.warn("the package names another log key than the one from outside; the one from outside counts");
    }
  } catch (error) {
    if (!(error instanceof VerifyError)) throw error;
    step.note(`the policy inside the package cannot be read (${error.message})`);
  }
}

/** Step 6. @param {Case} it @param {Checkpoint} checkpoint @param {Policy} policy @param {Doing} step */
async function checkLogSignature(it, checkpoint, policy, step) {
  const own = policy.logs.filter((key) => key.name === checkpoint.origin && key.type === 1);
  const signer = own.filter((key) => checkpoint.note.signatures.some((s) => s.name === key.name && s.id === key.id));
  const keys = signer.length ? signer : own;
  if (!keys.length) throw new VerifyError(`No key that was given for ${shown(checkpoint.origin)} is of a kind read here.`);
  for (const key of keys) await verifyLogSignature(checkpoint, key);
  if (keys[0]) it.report.log = used(keys[0]);
  step.say(`${shown(checkpoint.origin)} signed a log of ${many(checkpoint.size)} entries`);
}

/** Step 7. @param {Case} it @param {Checkpoint} checkpoint @param {Policy} policy @param {Doing} step */
async function checkWitnesses(it, checkpoint, policy, step) {
  const signed = new Set();
  for (const [name, key] of policy.witnesses) {
    const time = await verifyCosignature(checkpoint, key);
    if (time === null) continue;
    signed.add(name);
    it.report.witnesses.push(used(key, time));
    step.note(`${shown(key.name)} at ${moment(time)}`);
  }
  if (!quorumMet(policy, signed)) {
    const found = it.report.witnesses.map((witness) => shown(witness.name)).join(", ") || "nobody";
    throw new VerifyError(`The checkpoint is not witnessed as the policy asks: valid cosignatures are from ${found}.`);
  }
  if (signed.size) {
    step.say(`${signed.size} of ${policy.witnesses.size} known witnesses`);
  } else {
    const who = policy.witnesses.size || it.report.keys === "package" ? "the policy names" : "there was given";
    step.warn(
      `UNWITNESSED: ${who} no witness that must have cosigned, so nobody outside the agency vouches that the log ` +
        "shows everyone the same history",
    );
  }
}

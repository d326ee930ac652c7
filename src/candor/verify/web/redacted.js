// @ts-check
/**
 * What differs in steps 8 to 12 of a package that hands out redacted copies. The same as `redacted.py`; the copies
 * themselves (step 11) are in `copies.js`.
 * @module
 */

import { quoted } from "./bag.js";
import { many } from "./case.js";
import { count, list, proofName, readShownEvent, strictJson, textOf, uuid } from "./contents.js";
import { RENDERED, checkCopies } from "./copies.js";
import { checkDocuments, checkInclusion, checkOpenings } from "./custody.js";
import { CHUNK_SIZE, VerifyError, fromHex, hex, shown } from "./tlog.js";

/** @typedef {import("./case.js").Case} Case */
/** @typedef {import("./case.js").Doing} Doing */
/** @typedef {import("./case.js").Shown} Shown */
/** @typedef {import("./copies.js").Copy} Copy */
/** @typedef {import("./copies.js").Redacted} Redacted */

/** A package that holds this file hands out redacted copies. */
export const REDACTED = "data/redacted.json";
const COPIES = "data/redacted/";
const HANDED_OUT = "redaction:handed-out";
const RELEASED = "recording:released";
const MAX_COPIES = 1000;

/** @param {Case} it */
export async function checkRedacted(it) {
  it.report.kind = "redacted";
  /** @type {Redacted | null} */
  let read = null;
  // 8. The leaves of the events shown are in the checkpoint's tree at their indexes.
  await it.step(8, async (step) => {
    step.step.kind = "redacted";
    read = await readRedacted(it);
    await readEvents(it, read, step);
    if (it.checkpoint) await checkInclusion(it, it.checkpoint, step);
    else step.fail("there is no checkpoint to compare with");
  });
  // 9. Every opening matches its leaf's commitment and hour.
  const nine = await it.step(9, (step) => {
    if (it.histories.size) checkOpenings(it, step);
    else step.notRun("not run: no custody event can be read");
  });
  const found = /** @type {Redacted | null} */ (read);
  if (!found || nine.failed || it.shown.size !== recordingsOf(found).length) {
    for (const number of [10, 11, 12]) {
      await it.step(number, (step) => {
        step.step.kind = "redacted";
        step.notRun("not run: the events could not be read");
      });
    }
    return;
  }
  // 10. Shown are the making of each copy and the hand-out; how much is withheld is said.
  await it.step(10, (step) => checkWithheld(it, found, step));
  // 11. Each copy is that of its signed edit list, and its proof the one named there.
  await it.step(11, async (step) => {
    step.step.kind = "redacted";
    if (it.policy) await checkCopies(it, found, step);
    else step.notRun("not run: there is no key to check the edit lists with");
  });
  // 12. The last event of each recording is the hand-out of its copies in this package, and of the files beside it.
  await it.step(12, async (step) => {
    step.step.kind = "redacted";
    checkHandOut(it, (await it.open.digests("manifest-sha256.txt")).sha256, found, step);
    const recordings = recordingsOf(found).map((id) => ({ id, parts: [] }));
    await checkDocuments(it, recordings, step, handOutOf(found));
  });
}

/** Identifiers of the recordings that the copies are of, in order. @param {Redacted} found */
function recordingsOf(found) {
  return [...new Set(found.copies.map((one) => one.recording))];
}

/** The kind of event by which it was handed out. @param {Redacted} found */
function handOutOf(found) {
  return found.release ? RELEASED : HANDED_OUT;
}

/** @param {Case} it @returns {Promise<Redacted>} */
async function readRedacted(it) {
  const found = strictJson(await it.open.text(REDACTED), REDACTED);
  if (found?.v !== 1 && found?.v !== 2) throw new VerifyError("data/redacted.json is of another version than 1 and 2.");
  const packageId = uuid(found.package, "The package");
  const agency = textOf(typeof found.agency === "object" ? found.agency?.name : found.agency, "The agency");
  /** @type {Redacted} */
  const read = { version: found.v, copies: [], release: null };
  if (found.v === 1) {
    const file = textOf(found.copy?.file, "The copy's name");
    if (!file.startsWith(COPIES)) throw new VerifyError(`${quoted(file)} does not lie in ${COPIES}.`);
    read.copies = [{ ...readCopy(found.copy), file, editList: "redaction/edit-list.txt", proof: "redaction/proof.json" }];
  } else {
    const listed = list(found.copies, "The list of copies");
    if (!listed.length || listed.length > MAX_COPIES) {
      throw new VerifyError(`A package holds 1 to ${many(MAX_COPIES)} redacted copies.`);
    }
    read.copies = listed.map((one, at) => readNumbered(one, at + 1));
    if (new Set(read.copies.map(({ copy }) => copy)).size !== listed.length) {
      throw new VerifyError("A copy stands twice in data/redacted.json.");
    }
    if (found.release !== undefined && found.release !== null) {
      const number = textOf(found.release.number, "The release's number");
      read.release = { id: uuid(found.release.id, "The release"), number };
    }
  }
  it.report.package = packageId;
  it.report.agency = agency;
  return read;
}

/** @param {any} found @param {number} number @returns {Copy} */
function readNumbered(found, number) {
  const two = String(number).padStart(2, "0");
  const file = `${COPIES}redacted-${two}.mp4`;
  if (textOf(found?.file, "The copy's name") !== file) throw new VerifyError(`Copy ${number} should lie at ${file}.`);
  const read = { ...readCopy(found), file, editList: `redaction/${two}/edit-list.txt`, proof: `redaction/${two}/proof.json` };
  if (found.proven === undefined || found.proven === null) return read;
  const sha256 = hex(fromHex(found.proven.sha256, 32, "The SHA-256 of the proven copy"));
  return { ...read, proven: { sha256, size: count(found.proven.size, "The size of the proven copy") } };
}

/** @param {any} copy */
function readCopy(copy) {
  if (count(copy?.chunk_size, "A chunk size") !== CHUNK_SIZE) throw new VerifyError("A chunk root is not over pieces of 1 MiB.");
  return {
    part: count(copy.part, "A part's number"),
    sha256: hex(fromHex(copy.sha256, 32, "The copy's SHA-256")),
    chunkRoot: hex(fromHex(copy.chunk_root, 32, "The copy's chunk root")),
    size: count(copy.size, "The copy's size"),
    recording: uuid(copy.recording, "The recording"),
    copy: uuid(copy.copy, "The copy"),
    proven: /** @type {{sha256: string, size: number} | null} */ (null),
  };
}

/** @param {Case} it @param {Redacted} found @param {Doing} step */
async function readEvents(it, found, step) {
  const belongs = new Set(["custody/checkpoint", "custody/policy.txt"]);
  for (const recording of recordingsOf(found)) {
    const name = `custody/${recording}/shown.json`;
    belongs.add(name);
    let events = 0;
    try {
      const told = strictJson(await it.open.text(name), quoted(name));
      const read = list(told?.events, "The list of events").map(readShownEvent);
      if (uuid(told.recording, "The recording of the events") === recording) {
        it.histories.set(recording, { recording, epochs: [], events: read, lost: [], withheld: [] });
        events = read.length;
        for (const event of read) belongs.add(proofName(recording, event.n));
      } else {
        step.fail(`${quoted(name)} is of another recording`);
      }
    } catch (error) {
      if (!(error instanceof VerifyError)) throw error;
      step.fail(`the custody events of recording ${recording}: ${error.message}`);
    }
    const parts = found.copies.filter((one) => one.recording === recording).length;
    it.report.recordings.push({ id: recording, parts, events });
  }
  for (const one of it.open.names) {
    if (one.startsWith("custody/") && !belongs.has(one)) step.fail(`${quoted(one)} belongs to no event shown here`);
  }
}

/** Step 10. @param {Case} it @param {Redacted} found @param {Doing} step */
function checkWithheld(it, found, step) {
  step.step.kind = "redacted";
  let [open, all] = [0, 0];
  for (const recording of recordingsOf(found)) {
    const events = it.shown.get(recording) ?? [];
    const total = withheldOf(found, recording, events, step);
    if (total === null) continue;
    open += events.length;
    all += total;
    step.note(`recording ${recording} had ${many(total)} events up to this hand-out; nothing here tells what they are`);
  }
  step.say(`${open} of ${many(all)} events are shown; ${many(all - open)} are withheld`);
}

/** How many events one recording had; null when what is shown of it is not what should be.
 * @param {Redacted} found @param {string} recording @param {Shown[]} events @param {Doing} step */
function withheldOf(found, recording, events, step) {
  const copies = found.copies.filter((one) => one.recording === recording).map(({ copy }) => copy);
  const wanted = [...copies.map(() => RENDERED), handOutOf(found)];
  const kinds = events.map(({ payload }) => payload.kind);
  const last = events.at(-1);
  if (!last || JSON.stringify(kinds) !== JSON.stringify(wanted)) {
    const told = kinds.map(shown).join(", ");
    step.fail(`recording ${recording}: shown should be the making of each copy and the hand-out; shown are ${told}`);
    return null;
  }
  const made = events.slice(0, -1).map(({ payload }) => payload.details.copy);
  if (!made.every((one) => typeof one === "string") || JSON.stringify(made.sort()) !== JSON.stringify(copies.sort())) {
    step.fail(`recording ${recording}: the events shown are not of the making of the copies in this package`);
    return null;
  }
  events.forEach(({ event }, at) => {
    const before = events[at - 1]?.event;
    if (before && (before.n >= event.n || before.index >= event.index)) {
      step.fail(`recording ${recording}: the events shown are not in the order in which they were logged`);
    }
  });
  const total = last.payload.details.events;
  if (total !== last.event.n + 1) {
    step.fail(`the hand-out says that there were ${shown(total)} events; by its number there were more or fewer`);
    return null;
  }
  return /** @type {number} */ (total);
}

/** Step 12. @param {Case} it @param {string} manifest @param {Redacted} found @param {Doing} step */
function checkHandOut(it, manifest, found, step) {
  for (const recording of recordingsOf(found)) {
    const last = it.shown.get(recording)?.at(-1);
    if (!last || last.payload.kind !== handOutOf(found)) {
      step.fail(`recording ${recording}: what is shown does not end with the hand-out`);
      continue;
    }
    const copies = found.copies.filter((one) => one.recording === recording);
    checkHandOutOf(it, manifest, found, copies, last, step);
  }
}

/** @param {Case} it @param {string} manifest @param {Redacted} found @param {Copy[]} copies @param {Shown} last @param {Doing} step */
function checkHandOutOf(it, manifest, found, copies, last, step) {
  const { details } = last.payload;
  if (details.package !== it.report.package) step.fail("the hand-out shown is of another package");
  if (details.manifest_sha256 !== manifest) {
    step.fail("the hand-out shown is of other files: the list of payload files is not the one it names");
  }
  const told = copiesTold(found.version, details);
  const wanted = copies.map(({ copy, proven, sha256 }) => [copy, proven ? proven.sha256 : sha256, sha256]);
  if (JSON.stringify(told.map((one) => one.slice(0, 3))) !== JSON.stringify(wanted)) {
    step.fail("the hand-out shown is of another copy");
  }
  if (found.release && (details.release !== found.release.id || details.number !== found.release.number)) {
    step.fail("the hand-out shown is of another release");
  }
  if (found.version > 1 && !Object.hasOwn(details, "documents")) {
    step.fail("the hand-out shown does not name the files beside the payload");
  }
  if (!Number.isSafeInteger(details.log_size) || details.log_size > last.event.index) {
    step.fail(`the hand-out says that the log had ${shown(details.log_size)} entries before it, yet it is entry ${last.event.index}`);
  }
  if (step.failed) return;
  const when = `${last.payload.at.slice(0, 19).replace("T", " ")} UTC`;
  for (const [copy, , , although] of told) {
    step.note(`copy ${copy}: handed out ${when} to ${shown(details.recipient)}, for ${shown(details.purpose)}`);
    if (although) step.note(`although its proof was not without doubt: ${shown(although)}`);
  }
}

/** What a hand-out says of its copies: identifier, SHA-256 of the proven copy and of the file, and why it went out
 * although its proof was doubtful. @param {number} version @param {Record<string, any>} details @returns {any[][]} */
function copiesTold(version, details) {
  if (version === 1) return [[details.copy, details.copy_sha256, details.copy_sha256, details.although]];
  if (!Array.isArray(details.copies)) return [];
  return details.copies.map((one) => [one?.copy, one?.copy_sha256, one?.file_sha256, one?.although]);
}

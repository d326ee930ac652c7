// @ts-check
/**
 * Verification of a package that hands out a redacted copy: what differs in steps 8 to 12. The same as `redacted.py`.
 * @module
 */

import { quoted } from "./bag.js";
import { many } from "./case.js";
import { count, list, proofName, readShownEvent, strictJson, textOf, uuid } from "./contents.js";
import { checkDocuments, checkInclusion, checkOpenings } from "./custody.js";
import {
  CHUNK_SIZE, VerifyError, fromHex, hex, isTime, parseCanonical, parseNote, shown, verifyLogSignature,
} from "./tlog.js";

/** @typedef {import("./case.js").Case} Case */
/** @typedef {import("./case.js").Doing} Doing */
/** @typedef {import("./case.js").Shown} Shown */
/** @typedef {{file: string, part: number, sha256: string, chunkRoot: string, size: number, recording: string, copy: string}} Copy */

/** A package that holds this file hands out a redacted copy. */
export const REDACTED = "data/redacted.json";
const COPIES = "data/redacted/";
const EDIT_LIST = "redaction/edit-list.txt";
const PROOF = "redaction/proof.json";
const RENDERED = "redaction:rendered";
const HANDED_OUT = "redaction:handed-out";
const HEADER = "candor redaction edit list v1";
const BROKEN = "by the maker's own proof the copy is broken: it is not the original outside the masks, or something is left inside";

/** @param {Case} it */
export async function checkRedacted(it) {
  it.report.kind = "redacted";
  /** @type {Copy | null} */
  let copy = null;
  // 8. The leaves of the events shown are in the checkpoint's tree at their indexes.
  await it.step(8, async (step) => {
    step.step.kind = "redacted";
    copy = await readCopy(it);
    await readEvents(it, copy, step);
    if (it.checkpoint) await checkInclusion(it, it.checkpoint, step);
    else step.fail("there is no checkpoint to compare with");
  });
  // 9. Every opening matches its leaf's commitment and hour.
  const nine = await it.step(9, (step) => {
    if (it.histories.size) checkOpenings(it, step);
    else step.notRun("not run: no custody event can be read");
  });
  const found = /** @type {Copy | null} */ (copy);
  if (!found || nine.failed || !it.shown.size) {
    for (const number of [10, 11, 12]) {
      await it.step(number, (step) => {
        step.step.kind = "redacted";
        step.notRun("not run: the events could not be read");
      });
    }
    return;
  }
  const events = it.shown.get(found.recording) ?? [];
  // 10. Shown are the making of the copy and its hand-out; how much is withheld is said.
  await it.step(10, (step) => checkWithheld(found, events, step));
  // 11. The copy is that of the signed edit list, and its proof the one named there.
  await it.step(11, async (step) => {
    step.step.kind = "redacted";
    if (it.policy) await checkCopy(it, found, events, step);
    else step.notRun("not run: there is no key to check the edit list with");
  });
  // 12. The last event is the hand-out of this copy in this package, and of the files beside its payload.
  await it.step(12, async (step) => {
    step.step.kind = "redacted";
    checkHandOut(it, (await it.open.digests("manifest-sha256.txt")).sha256, found, events, step);
    await checkDocuments(it, [{ id: found.recording, parts: [] }], step, HANDED_OUT);
  });
}

/** @param {Case} it @returns {Promise<Copy>} */
async function readCopy(it) {
  const found = strictJson(await it.open.text(REDACTED), REDACTED);
  if (found?.v !== 1) throw new VerifyError("data/redacted.json is of another version than 1.");
  const copy = found.copy;
  const file = textOf(copy?.file, "The copy's name");
  if (!file.startsWith(COPIES)) throw new VerifyError(`${quoted(file)} does not lie in ${COPIES}.`);
  if (count(copy.chunk_size, "A chunk size") !== CHUNK_SIZE) throw new VerifyError("A chunk root is not over pieces of 1 MiB.");
  it.report.package = uuid(found.package, "The package");
  it.report.agency = textOf(typeof found.agency === "object" ? found.agency?.name : found.agency, "The agency");
  return {
    file,
    part: count(copy.part, "A part's number"),
    sha256: hex(fromHex(copy.sha256, 32, "The copy's SHA-256")),
    chunkRoot: hex(fromHex(copy.chunk_root, 32, "The copy's chunk root")),
    size: count(copy.size, "The copy's size"),
    recording: uuid(copy.recording, "The recording"),
    copy: uuid(copy.copy, "The copy"),
  };
}

/** @param {Case} it @param {Copy} copy @param {Doing} step */
async function readEvents(it, copy, step) {
  const name = `custody/${copy.recording}/shown.json`;
  const belongs = new Set(["custody/checkpoint", "custody/policy.txt", name]);
  let events = 0;
  try {
    const found = strictJson(await it.open.text(name), quoted(name));
    if (uuid(found?.recording, "The recording of the events") === copy.recording) {
      const read = list(found.events, "The list of events").map(readShownEvent);
      it.histories.set(copy.recording, { recording: copy.recording, epochs: [], events: read, lost: [] });
      events = read.length;
      for (const event of read) belongs.add(proofName(copy.recording, event.n));
    } else {
      step.fail(`${quoted(name)} is of another recording`);
    }
  } catch (error) {
    if (!(error instanceof VerifyError)) throw error;
    step.fail(`the custody events of recording ${copy.recording}: ${error.message}`);
  }
  it.report.recordings.push({ id: copy.recording, parts: 1, events });
  for (const one of it.open.names) {
    if (one.startsWith("custody/") && !belongs.has(one)) step.fail(`${quoted(one)} belongs to no event shown here`);
  }
}

/** Step 10. @param {Copy} copy @param {Shown[]} events @param {Doing} step */
function checkWithheld(copy, events, step) {
  step.step.kind = "redacted";
  const [rendered, handedOut] = events;
  if (events.length !== 2 || rendered?.payload.kind !== RENDERED || handedOut?.payload.kind !== HANDED_OUT) {
    const kinds = events.map(({ payload }) => shown(payload.kind)).join(", ");
    step.fail(`shown should be the making of the copy and its hand-out; shown are ${kinds}`);
    return;
  }
  if (rendered.event.n >= handedOut.event.n || rendered.event.index >= handedOut.event.index) {
    step.fail("the copy was handed out before it was made");
  }
  const total = handedOut.payload.details.events;
  if (total !== handedOut.event.n + 1) {
    step.fail(`the hand-out says that there were ${shown(total)} events; by its number there were more or fewer`);
    return;
  }
  step.say(`2 of ${many(total)} events are shown; ${many(total - 2)} are withheld`);
  step.note(`recording ${copy.recording} had ${many(total)} events up to this hand-out; nothing here tells what they are`);
}

/** Step 11. @param {Case} it @param {Copy} copy @param {Shown[]} events @param {Doing} step */
async function checkCopy(it, copy, events, step) {
  const { origin, edits } = await readEditList(it);
  const file = await it.open.digests(copy.file, it.progress);
  if (file.sha256 !== edits.copy?.sha256 || file.size !== edits.copy?.size) {
    step.fail(`${quoted(copy.file)} is not the copy that the edit list is of`);
  }
  if (file.sha256 !== copy.sha256 || file.chunkRoot !== copy.chunkRoot || file.size !== copy.size) {
    step.fail(`${quoted(copy.file)} is not the file that data/redacted.json describes`);
  }
  if (edits.recording !== copy.recording || edits.copy?.id !== copy.copy || edits.part !== copy.part) {
    step.fail("the edit list is of another copy");
  }
  if (!it.open.has(PROOF)) step.fail(`${quoted(PROOF)} is missing`);
  else if ((await it.open.digests(PROOF, it.progress)).sha256 !== edits.public_proof_sha256) {
    step.fail(`${quoted(PROOF)} is not the proof that the edit list names`);
  }
  for (const name of it.open.names) {
    if (name.startsWith(COPIES) && name !== copy.file) step.fail(`${quoted(name)} lies beside the copy but is not described`);
  }
  const listed = (await it.open.digests(EDIT_LIST)).sha256;
  for (const { payload } of events.filter((one) => one.payload.kind === RENDERED)) {
    const wanted = {
      redaction: edits.redaction,
      copy: edits.copy?.id,
      part: edits.part,
      edit: edits.edit,
      original_sha256: edits.original?.sha256,
      copy_sha256: edits.copy?.sha256,
      copy_size: edits.copy?.size,
      list_sha256: listed,
      proof_sha256: edits.proof_sha256,
      public_proof_sha256: edits.public_proof_sha256,
      verdict: edits.verdict,
    };
    const other = Object.entries(wanted).filter(([name, value]) => payload.details[name] !== value);
    if (other.length) {
      step.fail(`the event of its making says something else than the edit list: ${other.map(([name]) => name).join(", ")}`);
    }
  }
  if (edits.verdict === "broken") step.fail(BROKEN);
  if (step.failed) return;
  step.say(`${shown(origin)} signed the edit list; ${many(file.size)} bytes`);
  sayWhatItSays(edits, step);
}

/** @param {Case} it @returns {Promise<{origin: string, edits: Record<string, any>}>} */
async function readEditList(it) {
  const note = parseNote(await it.open.text(EDIT_LIST, 1_000_000), "The edit list");
  const [header = "", origin = "", told = "", ...rest] = note.text.split("\n");
  if (header !== HEADER || rest.length !== 1 || rest[0] !== "") {
    throw new VerifyError(`The edit list must begin with “${HEADER}” and have three lines.`);
  }
  const keys = (it.policy?.logs ?? []).filter((key) => key.name === origin && key.type === 1);
  const signer = keys.filter((key) => note.signatures.some((one) => one.name === key.name && one.id === key.id));
  if (!signer.length) throw new VerifyError("No signature of the edit list is by a log's key that was given.");
  for (const key of signer) await verifyLogSignature({ origin, size: 0, root: new Uint8Array(32), note }, key);
  const edits = /** @type {Record<string, any>} */ (parseCanonical(told, "The edit list"));
  checkForm(edits);
  return { origin, edits };
}

const KEYS =
  "copied copy edit facts made_at maker masks mode muted original overlay part proof_sha256 public_proof_sha256 " +
  "recording redaction sound style v verdict watched";

/** That a list holds what a list holds and nothing else, as `edit_list.py` reads it. @param {Record<string, any>} edits */
function checkForm(edits) {
  only(edits, KEYS);
  if (edits.v !== 1) throw new VerifyError("The edit list is of another version than 1.");
  if (!["holds", "doubtful", "broken"].includes(edits.verdict)) throw new VerifyError("The edit list's verdict is none.");
  only(edits.copy, "id sha256 size");
  only(edits.original, "sha256 size");
  for (const one of [edits.copy, edits.original]) {
    fromHex(one.sha256, 32, "A SHA-256 of the edit list");
    count(one.size, "A size of the edit list");
  }
  for (const name of ["proof_sha256", "public_proof_sha256"]) fromHex(edits[name], 32, "A proof's SHA-256");
  for (const name of ["part", "edit", "watched"]) count(edits[name], `“${name}” of the edit list`);
  const texts = [edits.recording, edits.redaction, edits.copy.id, edits.made_at, edits.maker, edits.mode, edits.style];
  const moments = [];
  for (const mask of list(edits.masks, "The list of masks")) {
    only(mask, "count exemption first kind last style track");
    count(mask.count, "A count of masks");
    texts.push(mask.kind, mask.exemption, mask.style, mask.track);
    moments.push(mask.first, mask.last);
  }
  for (const one of list(edits.sound, "The list of hidden sound")) {
    only(one, "begin exemption style until");
    texts.push(one.style, one.exemption);
    moments.push(one.begin, one.until);
  }
  for (const one of list(edits.copied, "The list of what was passed through")) {
    if (list(one, "A stretch").length !== 2) throw new VerifyError("A stretch has a beginning and an end.");
    moments.push(...one);
  }
  for (const one of texts) {
    if ([...textOf(one, "A text of the edit list")].length > 1000) throw new VerifyError("A text of the edit list is too long.");
  }
  if (!isTime(edits.made_at)) throw new VerifyError("The edit list's time cannot be read.");
  if (!moments.every((one) => Number.isSafeInteger(one))) throw new VerifyError("A time of the edit list cannot be read.");
  if (typeof edits.overlay !== "boolean" || typeof edits.muted !== "boolean") {
    throw new VerifyError("A yes or no is missing in the edit list.");
  }
  only(edits.facts, null);
}

/** @param {unknown} value @param {string | null} keys Those that it has, and no others; null: whichever. */
function only(value, keys) {
  const there = typeof value === "object" && value !== null && !Array.isArray(value) ? Object.keys(value).sort().join(" ") : null;
  if (there === null || (keys !== null && there !== keys)) {
    throw new VerifyError("A part of the edit list is missing, or holds other things than it should.");
  }
}

/** @param {Record<string, any>} edits @param {Doing} step */
function sayWhatItSays(edits, step) {
  const masks = list(edits.masks, "The list of masks").reduce((sum, mask) => sum + count(mask?.count, "A count of masks"), 0);
  const sound = list(edits.sound, "The list of hidden sound");
  const hidden = edits.mode === "show-only" ? "everything but what is shown" : `${many(masks)} mask(s)`;
  step.note(`edit ${edits.edit}: ${hidden} in the picture, ${many(sound.length)} stretch(es) of sound hidden`);
  const reasons = [...new Set([...edits.masks, ...sound].map((one) => one.exemption))].filter(Boolean).sort();
  if (reasons.length) step.note(`reasons given: ${reasons.slice(0, 20).map(shown).join(", ")}`);
  step.note(`made of an original with SHA-256 ${shown(edits.original?.sha256)}, which is not in this package`);
  if (edits.verdict === "holds") {
    step.note("its proof, made by the agency's own program, holds; whoever has the original can repeat it");
  } else {
    step.warn(`its proof is ${shown(edits.verdict)}: it names what a person had to look at`);
  }
}

/** Step 12. @param {Case} it @param {string} manifest @param {Copy} copy @param {Shown[]} events @param {Doing} step */
function checkHandOut(it, manifest, copy, events, step) {
  const last = events.at(-1);
  if (!last || last.payload.kind !== HANDED_OUT) {
    step.fail("what is shown does not end with the hand-out");
    return;
  }
  const { details } = last.payload;
  if (details.package !== it.report.package) step.fail("the hand-out shown is of another package");
  if (details.manifest_sha256 !== manifest) {
    step.fail("the hand-out shown is of other files: the list of payload files is not the one it names");
  }
  if (details.copy !== copy.copy || details.copy_sha256 !== copy.sha256) step.fail("the hand-out shown is of another copy");
  if (!Number.isSafeInteger(details.log_size) || details.log_size > last.event.index) {
    step.fail(`the hand-out says that the log had ${shown(details.log_size)} entries before it, yet it is entry ${last.event.index}`);
  }
  if (step.failed) return;
  const when = `${last.payload.at.slice(0, 19).replace("T", " ")} UTC`;
  step.note(`copy ${copy.copy}: handed out ${when} to ${shown(details.recipient)}, for ${shown(details.purpose)}`);
  if (details.although) step.note(`although its proof was not without doubt: ${shown(details.although)}`);
}

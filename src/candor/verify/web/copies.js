// @ts-check
/**
 * Step 11 of a package that hands out redacted copies: files, signed edit lists, proofs, and the events of making. The
 * same as `redacted_copies.py`.
 * @module
 */

import { UnreadableBag, quoted } from "./bag.js";
import { many } from "./case.js";
import { count, list, textOf } from "./contents.js";
import { withoutCredentials } from "./credentials.js";
import {
  Sha256, VerifyError, fromHex, hex, isTime, parseCanonical, parseNote, shown, verifyLogSignature,
} from "./tlog.js";

/** @typedef {import("./case.js").Case} Case */
/** @typedef {import("./case.js").Doing} Doing */
/** @typedef {import("./case.js").Shown} Shown */
/** @typedef {{sha256: string, size: number}} Sealed */
/** @typedef {{file: string, editList: string, proof: string, part: number, sha256: string, chunkRoot: string, size: number, recording: string, copy: string, proven: Sealed | null}} Copy */
/** @typedef {{version: number, copies: Copy[], release: {id: string, number: string} | null}} Redacted */

export const RENDERED = "redaction:rendered";
const REDACTED = "data/redacted.json";
const COPIES = "data/redacted/";
const PAPERS = "data/release/";
const HEADER = "candor redaction edit list v1";
const BROKEN = "by the maker's own proof the copy is broken: it is not the original outside the masks, or something is left inside";

/** @param {Case} it @param {Redacted} found @param {Doing} step */
export async function checkCopies(it, found, step) {
  const signers = new Set();
  let size = 0;
  for (const copy of found.copies) {
    try {
      signers.add(await checkCopy(it, copy, it.shown.get(copy.recording) ?? [], step));
      size += it.open.size(copy.file);
    } catch (error) {
      if (!(error instanceof VerifyError)) throw error;
      step.fail(found.copies.length === 1 ? error : `copy ${copy.copy}: ${error.message}`);
    }
  }
  checkNothingBeside(it, found, step);
  const lists = found.copies.length === 1 ? "the edit list" : `${many(found.copies.length)} edit lists`;
  step.say(`${[...signers].sort().map(shown).join(", ")} signed ${lists}; ${many(size)} bytes`);
}

/** Name of the log whose key signed the list. @param {Case} it @param {Copy} copy @param {Shown[]} events @param {Doing} step */
async function checkCopy(it, copy, events, step) {
  const { origin, edits } = await readEditList(it, copy.editList);
  const file = await it.open.digests(copy.file, it.progress);
  /** @type {Sealed} */
  let proven = file;
  if (copy.proven) {
    proven = await provenOf(it, copy.file);
    if (proven.sha256 !== copy.proven.sha256 || proven.size !== copy.proven.size) {
      step.fail(`${quoted(copy.file)} without its content credentials is not the copy that was proven`);
    }
  }
  if (proven.sha256 !== edits.copy?.sha256 || proven.size !== edits.copy?.size) {
    step.fail(`${quoted(copy.file)} is not the copy that the edit list is of`);
  }
  if (file.sha256 !== copy.sha256 || file.chunkRoot !== copy.chunkRoot || file.size !== copy.size) {
    step.fail(`${quoted(copy.file)} is not the file that data/redacted.json describes`);
  }
  if (edits.recording !== copy.recording || edits.copy?.id !== copy.copy || edits.part !== copy.part) {
    step.fail(`${quoted(copy.editList)}: the edit list is of another copy`);
  }
  if (!it.open.has(copy.proof)) step.fail(`${quoted(copy.proof)} is missing`);
  else if ((await it.open.digests(copy.proof, it.progress)).sha256 !== edits.public_proof_sha256) {
    step.fail(`${quoted(copy.proof)} is not the proof that the edit list names`);
  }
  const listed = (await it.open.digests(copy.editList)).sha256;
  const making = events.filter(({ payload }) => payload.kind === RENDERED && payload.details.copy === copy.copy);
  if (!making.length) step.fail(`no event shown is the making of ${quoted(copy.file)}`);
  for (const { payload } of making) checkMaking(payload.details, edits, listed, step);
  if (edits.verdict === "broken") step.fail(BROKEN);
  if (!step.failed) sayWhatItSays(copy, edits, step);
  return origin;
}

/** @param {Record<string, any>} details @param {Record<string, any>} edits @param {string} listed @param {Doing} step */
function checkMaking(details, edits, listed, step) {
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
  const other = Object.entries(wanted).filter(([name, value]) => details[name] !== value);
  if (other.length) {
    step.fail(`the event of its making says something else than the edit list: ${other.map(([name]) => name).join(", ")}`);
  }
}

/** What lies under data/ is described: the copies, and the papers of a release. @param {Case} it @param {Redacted} found @param {Doing} step */
function checkNothingBeside(it, found, step) {
  const described = new Set([REDACTED, ...found.copies.map(({ file }) => file)]);
  for (const name of it.open.names) {
    if (!name.startsWith("data/") || described.has(name)) continue;
    if (name.startsWith(COPIES)) step.fail(`${quoted(name)} lies beside the copies but is not described`);
    else if (found.version > 1 && !(found.release && name.startsWith(PAPERS))) {
      step.fail(`${quoted(name)} is no copy and no paper of a release`);
    }
  }
}

/** What a file is without its content credentials. @param {Case} it @param {string} name @returns {Promise<Sealed>} */
async function provenOf(it, name) {
  const digest = new Sha256();
  let size = 0;
  try {
    for await (const piece of withoutCredentials(it.open.blob(name))) {
      digest.update(piece);
      size += piece.length;
    }
  } catch (error) {
    throw error instanceof VerifyError ? error : new UnreadableBag(`${quoted(name)} cannot be read.`);
  }
  return { sha256: hex(digest.digest()), size };
}

/** @param {Case} it @param {string} name @returns {Promise<{origin: string, edits: Record<string, any>}>} */
async function readEditList(it, name) {
  const note = parseNote(await it.open.text(name, 1_000_000), "The edit list");
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

/** @param {Copy} copy @param {Record<string, any>} edits @param {Doing} step */
function sayWhatItSays(copy, edits, step) {
  const masks = list(edits.masks, "The list of masks").reduce((sum, mask) => sum + count(mask?.count, "A count of masks"), 0);
  const sound = list(edits.sound, "The list of hidden sound");
  const hidden = edits.mode === "show-only" ? "everything but what is shown" : `${many(masks)} mask(s)`;
  const name = copy.file.slice(copy.file.lastIndexOf("/") + 1);
  step.note(`${name}, edit ${edits.edit}: ${hidden} in the picture, ${many(sound.length)} stretch(es) of sound hidden`);
  const reasons = [...new Set([...edits.masks, ...sound].map((one) => one.exemption))].filter(Boolean).sort();
  if (reasons.length) step.note(`reasons given: ${reasons.slice(0, 20).map(shown).join(", ")}`);
  step.note(`made of an original with SHA-256 ${shown(edits.original?.sha256)}, which is not in this package`);
  if (copy.proven) {
    step.note(
      `${name} carries content credentials; without them it is, byte for byte, the copy that was proven ` +
        `(SHA-256 ${copy.proven.sha256}). Who signed the credentials is for programs that read them to say`,
    );
  }
  if (edits.verdict === "holds") {
    step.note("its proof, made by the agency's own program, holds; whoever has the original can repeat it");
  } else {
    step.warn(`its proof is ${shown(edits.verdict)}: it names what a person had to look at`);
  }
}

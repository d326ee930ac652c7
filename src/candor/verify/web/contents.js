// @ts-check
/**
 * What a package says of itself: its recordings and their custody histories, read strictly, believed in nothing.
 * @module
 */

import { quoted } from "./bag.js";
import { CHUNK_SIZE, VerifyError, fromHex, hex } from "./tlog.js";

/** @typedef {import("./case.js").Case} Case */
/** @typedef {import("./case.js").Doing} Doing */
/** @typedef {import("./case.js").History} History */
/** @typedef {import("./case.js").Part} Part */

const RECORDINGS = "data/recordings.json";
export const ORIGINALS = "data/originals/";
const CHECKPOINT = "custody/checkpoint";
const POLICY = "custody/policy.txt";
/** Recordings of a package, and tag keys of a history. */
const MAX_RECORDINGS = 10_000;
const MAX_EPOCHS = 1_000;
const DISCOVERY_PROOF = "custody/discovery.tlog-proof";
export const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/**
 * JSON in which no key stands twice. A number that is not written as a whole one (1.0, 1e0) is read as `true`, so that
 * neither a count, which has one spelling, nor a text can be read from it.
 * @param {string} text @param {string} what @returns {any}
 */
export function strictJson(text, what) {
  let value;
  let keys = -1;
  try {
    JSON.parse(text);
    const token = /"[^"\\]*(?:\\.[^"\\]*)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/gu;
    value = JSON.parse(text.replace(token, (found) => (found.startsWith('"') || !/[.eE]/.test(found) ? found : "true")));
    keys = countKeys(value);
  } catch {
    throw new VerifyError(`${what} is not JSON, or nested too deeply.`);
  }
  // Every key that is written is counted; one that stood twice in an object is lost in the value.
  let written = 0;
  for (const match of text.matchAll(/"[^"\\]*(?:\\.[^"\\]*)*"(\s*:)?/gu)) written += match[1] ? 1 : 0;
  if (written !== keys) throw new VerifyError(`${what} holds a key twice.`);
  return value;
}

/** @param {unknown} value @returns {number} */
function countKeys(value) {
  if (value === null || typeof value !== "object") return 0;
  const inner = Object.values(value).reduce((sum, item) => sum + countKeys(item), 0);
  return inner + (Array.isArray(value) ? 0 : Object.keys(value).length);
}

/** @param {unknown} value @param {string} what @returns {number} */
export function count(value, what) {
  if (typeof value !== "number" || !Number.isSafeInteger(value) || value < 0) throw new VerifyError(`${what} is not a count.`);
  return value;
}

/** @param {unknown} value @param {string} what @returns {any[]} */
export function list(value, what) {
  if (!Array.isArray(value)) throw new VerifyError(`${what} is missing, or not a list.`);
  return value;
}

/** @param {unknown} value @param {string} what @returns {string} */
export function textOf(value, what) {
  if (typeof value !== "string") throw new VerifyError(`${what} is missing, or not a text.`);
  return value;
}

/** What Unicode counts as space, as Python's strip() takes it away. */
const SPACE = "[\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000]";
const BLANK = new RegExp(`^${SPACE}*$`, "u");

/** A text in which something is to be read. @param {unknown} value @param {string} what @returns {string} */
export function words(value, what) {
  const text = textOf(value, what);
  if (BLANK.test(text)) throw new VerifyError(`${what} is empty.`);
  return text;
}

/** A text that has a form in UTF-8: half a pair of surrogates has none. @param {unknown} value @param {string} what */
function wholeText(value, what) {
  const text = textOf(value, what);
  if (/\p{Cs}/u.test(text)) throw new VerifyError(`${what} is not UTF-8 text.`);
  return text;
}

/** @param {unknown} value @param {string} what */
export function uuid(value, what) {
  if (typeof value !== "string" || !UUID.test(value)) throw new VerifyError(`${what} is not an identifier.`);
  return value;
}

/** @param {any} found @returns {Part} */
export function readPart(found) {
  if (count(found?.chunk_size, "A chunk size") !== CHUNK_SIZE) throw new VerifyError("A chunk root is not over pieces of 1 MiB.");
  return {
    part: count(found.part, "A part's number"),
    sha256: hex(fromHex(found.sha256, 32, "A part's SHA-256")),
    chunk_root: hex(fromHex(found.chunk_root, 32, "A part's chunk root")),
    chunk_size: CHUNK_SIZE,
    size: count(found.size, "A part's size"),
    name: textOf(found.name, "A part's name"),
  };
}

/** @param {Case} it */
export async function readContents(it) {
  const found = strictJson(await it.open.text(RECORDINGS), "data/recordings.json");
  if (found?.v !== 1) throw new VerifyError("data/recordings.json is of another version than 1.");
  const recordings = list(found.recordings, "The list of recordings").map((item) => {
    const parts = list(item?.parts, "A list of parts").map((part) => {
      const file = textOf(part?.file, "A file's name");
      if (!file.startsWith(ORIGINALS)) throw new VerifyError(`${quoted(file)} does not lie in ${ORIGINALS}.`);
      return { file, part: readPart(part) };
    });
    if (!parts.length) throw new VerifyError("A recording has no file.");
    return { id: uuid(item.id, "A recording"), parts };
  });
  if (recordings.length > MAX_RECORDINGS) throw new VerifyError("The package holds too many recordings.");
  if (!recordings.length || new Set(recordings.map((r) => r.id)).size !== recordings.length) {
    throw new VerifyError("The package holds no recording, or one twice.");
  }
  it.report.package = uuid(found.package, "The package");
  it.report.agency = textOf(typeof found.agency === "object" ? found.agency?.name : found.agency, "The agency");
  it.recordings = recordings;
}

/** An event as a history lists it. @param {any} event @returns {import("./case.js").ShownEvent} */
export function readShownEvent(event) {
  return {
    n: count(event?.n, "An event's number"),
    index: count(event.index, "An event's place"),
    leaf: wholeText(event.leaf, "An event's entry"),
    payload: wholeText(event.payload, "An event's content"),
    salt: hex(fromHex(event.salt, 32, "An event's salt")),
    proof: textOf(event.proof, "An event's proof"),
  };
}

/** @param {unknown} value */
function reasonOf(value) {
  const reason = textOf(value, "A reason");
  if (!/^[a-z][a-z0-9-]{0,63}$/.test(reason)) throw new VerifyError("A reason has no name.");
  return reason;
}

/** @param {string} text @param {string} what @returns {History} */
function readHistory(text, what) {
  const found = strictJson(text, what);
  if (list(found?.epochs, "The list of tag keys").length > MAX_EPOCHS) throw new VerifyError(`${what} has too many tag keys.`);
  return {
    recording: uuid(found?.recording, "The history's recording"),
    epochs: list(found.epochs, "The list of tag keys").map((epoch) => ({
      epoch: count(epoch?.epoch, "A tag key's number"),
      first_n: count(epoch.first_n, "A tag key's first event"),
      tagKey: fromHex(epoch.tag_key, 32, "A tag key"),
    })),
    events: list(found.events, "The list of events").map(readShownEvent),
    lost: list(found.lost ?? [], "The list of lost events").map((lost) => ({
      n: count(lost?.n, "A lost event's number"),
      epoch: count(lost.epoch, "A lost event's tag key"),
      index: count(lost.index, "A lost event's place"),
      leaf: wholeText(lost.leaf, "A lost event's entry"),
      proof: textOf(lost.proof, "A lost event's proof"),
    })),
    withheld: list(found.withheld ?? [], "The list of events that are not opened").map((kept) => ({
      n: count(kept?.n, "An event's number"),
      index: count(kept.index, "An event's place"),
      leaf: wholeText(kept.leaf, "An event's entry"),
      proof: textOf(kept.proof, "An event's proof"),
      reason: reasonOf(kept.reason),
    })),
  };
}

/** @param {Case} it @param {Doing} step */
export async function readHistories(it, step) {
  const belongs = new Set(it.discovery ? [CHECKPOINT, POLICY, DISCOVERY_PROOF] : [CHECKPOINT, POLICY]);
  for (const recording of it.recordings ?? []) {
    const name = `custody/${recording.id}/history.json`;
    belongs.add(name);
    let events = 0;
    try {
      const history = readHistory(await it.open.text(name), quoted(name));
      if (history.recording === recording.id) {
        it.histories.set(recording.id, history);
        events = history.events.length;
        for (const event of [...history.events, ...history.withheld]) belongs.add(proofName(recording.id, event.n));
        for (const lost of history.lost) belongs.add(lostProofName(recording.id, lost.index));
      } else {
        step.fail(`${quoted(name)} is the history of another recording`);
      }
    } catch (error) {
      if (!(error instanceof VerifyError)) throw error;
      step.fail(`the custody history of recording ${recording.id}: ${error.message}`);
    }
    const told = { id: recording.id, parts: recording.parts.length, events };
    const withheld = it.histories.get(recording.id)?.withheld.length ?? 0;
    it.report.recordings.push(it.discovery ? { ...told, withheld } : told);
  }
  for (const name of it.open.names) {
    if (name.startsWith("custody/") && !belongs.has(name)) step.fail(`${quoted(name)} belongs to no event of a history shown here`);
  }
}

/** @param {string} recording @param {number} n */
export function proofName(recording, n) {
  return `custody/${recording}/${String(n).padStart(6, "0")}.tlog-proof`;
}

/** @param {string} recording @param {number} index */
export function lostProofName(recording, index) {
  return `custody/${recording}/lost-${String(index).padStart(12, "0")}.tlog-proof`;
}

/** @param {string} recording @param {number} n */
export function place(recording, n) {
  return `event ${n} of recording ${recording}`;
}

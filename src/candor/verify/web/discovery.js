// @ts-check
/**
 * Verification of discovery: the whole of a case, of which some recordings and events are kept back, each named.
 * The same checks as `discovery.py`.
 * @module
 */

import { quoted } from "./bag.js";
import { many } from "./case.js";
import { count, list, strictJson, textOf, uuid, words } from "./contents.js";
import {
  VerifyError,
  canonicalJson,
  decoded,
  isTime,
  leafHash,
  parseCanonical,
  parseProof,
  shown,
  utf8,
  verifyInclusion,
  verifyOpening,
} from "./tlog.js";

/** @typedef {import("./tlog.js").Checkpoint} Checkpoint */
/** @typedef {import("./case.js").Case} Case */
/** @typedef {import("./case.js").Discovery} Discovery */
/** @typedef {import("./case.js").Doing} Doing */
/** @typedef {import("./case.js").History} History */
/** @typedef {import("./case.js").Recording} Recording */

/** A package that holds this file is discovery. */
export const DISCOVERY = "data/discovery.json";
export const MADE_PROOF = "custody/discovery.tlog-proof";
const MADE = "discovery:made";
/** The last event of each history in a package of discovery. */
export const DISCLOSED = "recording:disclosed";
const MOST = 10_000;
const MOST_REASONS = 100;

/** @param {unknown} value @param {string} what @returns {Record<string, unknown>} */
function object(value, what) {
  if (value === null || typeof value !== "object" || Array.isArray(value)) throw new VerifyError(`${what} is missing, or not an object.`);
  return /** @type {Record<string, unknown>} */ (value);
}

/** What a package of discovery says of the whole case; nothing for any other package. @param {Case} it */
export async function readDiscovery(it) {
  if (!it.open.has(DISCOVERY)) return;
  it.report.kind = "discovery";
  const found = object(strictJson(await it.open.text(DISCOVERY), DISCOVERY), DISCOVERY);
  if (found.v !== 1) throw new VerifyError("data/discovery.json is of another version than 1.");
  const given = list(found.given, "The list of what is given").map((one) => ({
    recording: uuid(one?.recording, "A recording"),
    events: count(one.events, "A count of events"),
    withheld: count(one.withheld, "A count of events"),
  }));
  const withheld = list(found.withheld, "The list of what is withheld").map((one) => ({
    recording: uuid(one?.recording, "A recording"),
    events: count(one.events, "A count of events"),
    reason: words(one.reason, "A reason"),
    citation: words(one.citation, "A citation"),
    decided_by: words(one.decided_by, "Who decided"),
  }));
  if (given.length + withheld.length > MOST) throw new VerifyError("data/discovery.json lists too many recordings.");
  const reasons = new Map(Object.entries(object(found.reasons, "The reasons")).map(([name, text]) => [name, words(text, "A reason")]));
  if (reasons.size > MOST_REASONS) throw new VerifyError("data/discovery.json explains too many reasons.");
  const made = textOf(found.made, "The time");
  if (!isTime(made)) throw new VerifyError("data/discovery.json was made at no time.");
  it.discovery = {
    discovery: uuid(found.discovery, "The discovery"),
    number: words(found.number, "The number"),
    case: words(found.case, "The case"),
    package: uuid(found.package, "The package"),
    made,
    sides: list(found.sides, "The list of sides").map((side) => words(side, "A side")),
    recordings: count(found.recordings, "The count of recordings"),
    given,
    withheld,
    reasons,
  };
  it.report.discovery = {
    discovery: it.discovery.discovery,
    number: it.discovery.number,
    case: it.discovery.case,
    made,
    sides: it.discovery.sides,
    recordings: it.discovery.recordings,
    given: given.length,
    withheld,
    events: given.reduce((sum, one) => sum + one.events, 0),
    withheld_events: given.reduce((sum, one) => sum + one.withheld, 0),
  };
}

/** Step 8. @param {Case} it @param {Checkpoint} checkpoint */
export async function readMade(it, checkpoint) {
  const proof = parseProof(await it.open.text(MADE_PROOF, 64_000_000));
  if (proof.extra === null) throw new VerifyError(`${quoted(MADE_PROOF)} does not carry the event of the discovery.`);
  if (proof.checkpoint !== it.checkpointText) {
    throw new VerifyError("The event of the discovery is proved for another checkpoint than the package's.");
  }
  const opening = /** @type {Record<string, any>} */ (parseCanonical(decoded(proof.extra, "the proof's extra line"), "The event of the discovery"));
  const { leaf, payload, salt } = opening;
  if (![leaf, payload, salt].every((part) => typeof part === "string") || canonicalJson({ leaf, payload, salt }) !== canonicalJson(opening)) {
    throw new VerifyError("The event of the discovery holds something else than leaf, payload and salt.");
  }
  verifyInclusion(leafHash(utf8(leaf)), proof.index, checkpoint.size, proof.hashes, checkpoint.root);
  it.made = { index: proof.index, leaf, payload, salt };
}

/** Step 10. @param {Case} it @param {Discovery} found @param {Recording[]} recordings @param {Doing} step */
export function checkEverythingNamed(it, found, recordings, step) {
  const given = new Set(found.given.map(({ recording }) => recording));
  const packaged = new Set(recordings.map(({ id }) => id));
  const everything = [...found.given, ...found.withheld].map(({ recording }) => recording);
  for (const recording of [...given].sort()) {
    if (!packaged.has(recording)) step.fail(`recording ${recording} is listed as given and is not in the package: it was left out`);
  }
  for (const recording of [...packaged].sort()) {
    if (!given.has(recording)) step.fail(`recording ${recording} is in the package and is not listed as given: it was added`);
  }
  if (new Set(everything).size !== everything.length) step.fail("a recording is listed twice in data/discovery.json");
  if (everything.length !== found.recordings) {
    step.fail(
      `the case had ${many(found.recordings)} recordings; ${many(found.given.length)} are listed as given and ` +
        `${many(found.withheld.length)} as withheld`,
    );
  }
  for (const one of found.given) {
    const history = it.histories.get(one.recording);
    if (history) checkCounts(one, history, found.reasons, step);
  }
  if (step.failed) return;
  step.say(
    `${step.step.words}; ${many(found.recordings)} recordings of the case, ${many(given.size)} given, ${many(found.withheld.length)} withheld`,
  );
  for (const one of found.withheld) {
    step.note(
      `recording ${one.recording} is withheld, with ${many(one.events)} events: ${shown(one.reason)} ` +
        `(${shown(one.citation)}; decided by ${shown(one.decided_by)})`,
    );
  }
  const told = [...it.histories.values()].flatMap((history) => history.withheld.map(({ reason }) => reason));
  for (const reason of [...new Set(told)].sort()) step.note(`not opened, ${shown(reason)}: ${shown(found.reasons.get(reason) ?? "")}`);
}

/** @param {{recording: string, events: number, withheld: number}} one @param {History} history @param {Map<string, string>} reasons @param {Doing} step */
function checkCounts(one, history, reasons, step) {
  const length = new Set([...history.events, ...history.withheld, ...history.lost].map(({ n }) => n)).size;
  if (one.events !== length || one.withheld !== history.withheld.length) {
    step.fail(
      `recording ${one.recording}: data/discovery.json says ${many(one.events)} events and ${many(one.withheld)} not ` +
        `opened; shown are ${many(length)} and ${many(history.withheld.length)}`,
    );
  }
  for (const { n, reason } of history.withheld) {
    if (!reasons.has(reason)) step.fail(`event ${n} of recording ${one.recording} is not opened, and its reason ${shown(reason)} is not explained`);
  }
}

/** Step 12. @param {Case} it @param {Discovery} found @param {string} manifest @param {Doing} step */
export function checkMade(it, found, manifest, step) {
  if (!it.made) {
    step.fail("the event of the discovery is not shown");
    return;
  }
  if (found.package !== it.report.package) step.fail("data/discovery.json is of another package");
  const event = /** @type {Record<string, any>} */ (verifyOpening(it.made.leaf, it.made.payload, it.made.salt));
  if (event.kind !== MADE || event.recording !== null) {
    step.fail(`${quoted(MADE_PROOF)} is not of the event by which discovery is made`);
    return;
  }
  /** @type {Record<string, string | number>} */
  const expected = {
    discovery: found.discovery,
    number: found.number,
    package: found.package,
    manifest_sha256: manifest,
    recordings: found.recordings,
    given: found.given.length,
    withheld: found.withheld.length,
  };
  const other = Object.entries(expected).filter(([name, value]) => event.details?.[name] !== value);
  if (other.length) step.fail(`the log's event of this discovery says otherwise than the package: ${other.map(([name]) => name).join(", ")}`);
  for (const [recording, events] of it.shown) {
    const last = events.at(-1);
    if (last && last.payload.details.discovery !== found.discovery) {
      step.fail(`event ${last.event.n} of recording ${recording} is the hand-out of another discovery`);
    }
  }
  if (!step.failed) step.note(`discovery ${shown(found.number)} in case ${shown(found.case)} is entry ${many(it.made.index)} of the log`);
}

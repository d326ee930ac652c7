// @ts-check
/**
 * Steps 8 to 12 of a verification: the custody histories, and what they say of the originals and of the package.
 * @module
 */

import { quoted } from "./bag.js";
import { many, moment } from "./case.js";
import { ORIGINALS, UUID, list, lostProofName, place, proofName, readContents, readHistories, readPart } from "./contents.js";
import { DISCLOSED, checkEverythingNamed, checkMade, readDiscovery, readMade } from "./discovery.js";
import {
  VerifyError,
  canonicalJson,
  decoded,
  hex,
  leafHash,
  parseLeaf,
  parseProof,
  sha256,
  shown,
  tagOf,
  utf8,
  verifyInclusion,
  verifyOpening,
} from "./tlog.js";
import { checkSaid, checkWithheldEvents, includedWithheld } from "./withheld.js";

/** @typedef {import("./tlog.js").Checkpoint} Checkpoint */
/** @typedef {import("./case.js").Case} Case */
/** @typedef {import("./case.js").Doing} Doing */
/** @typedef {import("./case.js").History} History */
/** @typedef {import("./case.js").KeyUsed} KeyUsed */
/** @typedef {import("./case.js").LostEvent} LostEvent */
/** @typedef {import("./case.js").Part} Part */
/** @typedef {import("./case.js").Recording} Recording */
/** @typedef {import("./case.js").Shown} Shown */
/** @typedef {import("./case.js").ShownEvent} ShownEvent */

const ROTATED = "recording:tag-key-rotated";
const EXPORTED = "recording:exported";
const SEALING = ["recording:sealed", "recording:part-added"];
const CLOCK_TOLERANCE = 300;
/** Files that need no digest in the hand-out: the same in every package, committed to, or a list of the others. */
const CHECKED_OTHERWISE = ["bagit.txt", "manifest-sha256.txt", "tagmanifest-sha256.txt"];
/** Files that nothing can vouch for, and why that is so. @type {Record<string, string>} */
const UNVOUCHED = {
  "certificate-draft.pdf": "it is a draft",
  "custody/policy.txt": "it is a claim of keys, which are to come from elsewhere",
};
const MAX_NAMED = 10;

/** @param {Case} it */
export async function checkCustody(it) {
  // 8. Every event's leaf is in the checkpoint's tree at its index.
  await it.step(8, async (step) => {
    await readContents(it);
    await readDiscovery(it);
    await readHistories(it, step);
    if (it.checkpoint) await checkInclusion(it, it.checkpoint, step);
    else step.fail("there is no checkpoint to compare with");
    if (it.checkpoint && it.discovery) await readMade(it, it.checkpoint);
  });
  // 9. Every opening matches its leaf's commitment and hour.
  const nine = await it.step(9, (step) => {
    if (it.histories.size) checkOpenings(it, step);
    else step.notRun("not run: there is no custody history");
    if (it.histories.size && it.made) checkPayload(/** @type {Record<string, any>} */ (verifyOpening(it.made.leaf, it.made.payload, it.made.salt)));
  });
  // The rest rests on what the events say, so it is done only when every event of every recording was opened.
  const recordings = it.recordings;
  if (!recordings || nine.failed || it.shown.size !== recordings.length) {
    for (const number of [10, 11, 12]) {
      await it.step(number, (step) => step.notRun("not run: the events could not all be read"));
    }
    return;
  }
  // 10. Each history runs from 0 without a gap under its chained tag keys.
  await it.step(10, (step) => {
    checkWhole(it, step);
    if (it.discovery) checkEverythingNamed(it, it.discovery, recordings, step);
  });
  // 11. Each original is what its sealing event committed to.
  await it.step(11, (step) => checkOriginals(it, recordings, step));
  // 12. The last event of each history is the export of this very package, and of the files beside its payload.
  await it.step(12, async (step) => {
    const manifest = (await it.open.digests("manifest-sha256.txt")).sha256;
    const kind = it.discovery ? DISCLOSED : EXPORTED;
    checkExport(it, manifest, recordings, step, kind);
    await checkDocuments(it, recordings, step, kind);
    if (it.discovery) checkMade(it, it.discovery, manifest, step);
  });
}

/** Step 8. @param {Case} it @param {Checkpoint} checkpoint @param {Doing} step */
export async function checkInclusion(it, checkpoint, step) {
  /** @type {Map<number, string>} */
  const places = new Map();
  let events = 0;
  for (const [recording, history] of it.histories) {
    for (const event of history.events) {
      const here = place(recording, event.n);
      const other = places.get(event.index);
      if (other !== undefined) step.fail(`${here} and ${other} claim the same entry ${event.index} of the log`);
      places.set(event.index, here);
      try {
        await included(it, recording, event, checkpoint);
      } catch (error) {
        if (!(error instanceof VerifyError)) throw error;
        step.fail(`${here}: ${error.message}`);
      }
      events += 1;
    }
    for (const kept of history.withheld) {
      const here = `${place(recording, kept.n)}, which is not opened`;
      const other = places.get(kept.index);
      if (other !== undefined) step.fail(`${here} and ${other} claim the same entry ${kept.index} of the log`);
      places.set(kept.index, here);
      try {
        await includedWithheld(it, recording, kept, checkpoint);
      } catch (error) {
        if (!(error instanceof VerifyError)) throw error;
        step.fail(`${here}: ${error.message}`);
      }
      events += 1;
    }
    for (const lost of history.lost) {
      const here = `${place(recording, lost.n)}, which is lost`;
      const other = places.get(lost.index);
      if (other !== undefined) step.fail(`${here} and ${other} claim the same entry ${lost.index} of the log`);
      places.set(lost.index, here);
      try {
        await includedLost(it, recording, lost, checkpoint);
      } catch (error) {
        if (!(error instanceof VerifyError)) throw error;
        step.fail(`${here}: ${error.message}`);
      }
      events += 1;
    }
  }
  step.say(`${many(events)} events in a log of ${many(checkpoint.size)} entries`);
}

/** @param {Case} it @param {string} recording @param {ShownEvent} event @param {Checkpoint} checkpoint */
async function included(it, recording, event, checkpoint) {
  const expected = proofName(recording, event.n);
  if (event.proof !== expected) throw new VerifyError(`its proof should be ${quoted(expected)}, not ${quoted(event.proof)}`);
  const proof = parseProof(await it.open.text(expected, 64_000_000));
  if (proof.index !== event.index) throw new VerifyError(`its proof is for entry ${proof.index}, its history says ${event.index}`);
  if (proof.checkpoint !== it.checkpointText) throw new VerifyError("its proof is for another checkpoint than the package's");
  const opening = canonicalJson({ leaf: event.leaf, payload: event.payload, salt: event.salt });
  if (proof.extra === null || decoded(proof.extra, "the proof's extra line") !== opening) {
    throw new VerifyError("its proof carries another opening than its history");
  }
  verifyInclusion(leafHash(utf8(event.leaf)), event.index, checkpoint.size, proof.hashes, checkpoint.root);
}

/** As `included`, of an entry without an opening. @param {Case} it @param {string} recording @param {LostEvent} lost @param {Checkpoint} checkpoint */
async function includedLost(it, recording, lost, checkpoint) {
  const expected = lostProofName(recording, lost.index);
  if (lost.proof !== expected) throw new VerifyError(`its proof should be ${quoted(expected)}, not ${quoted(lost.proof)}`);
  const proof = parseProof(await it.open.text(expected, 64_000_000));
  if (proof.index !== lost.index) throw new VerifyError(`its proof is for entry ${proof.index}, its history says ${lost.index}`);
  if (proof.checkpoint !== it.checkpointText) throw new VerifyError("its proof is for another checkpoint than the package's");
  if (proof.extra !== null) throw new VerifyError("its proof carries an opening, and it is shown as one that nobody can open");
  verifyInclusion(leafHash(utf8(lost.leaf)), lost.index, checkpoint.size, proof.hashes, checkpoint.root);
}

const PAYLOAD_KEYS = ["actor", "at", "details", "epoch", "event", "kind", "n", "recording", "v"].join();

/** Step 9. @param {Case} it @param {Doing} step */
export function checkOpenings(it, step) {
  /** @type {Map<string, string>} */
  const seen = new Map();
  let events = 0;
  for (const [recording, history] of it.histories) {
    /** @type {Shown[]} */
    const opened = [];
    it.shown.set(recording, opened);
    for (const event of history.events) {
      const here = place(recording, event.n);
      try {
        const payload = /** @type {Record<string, any>} */ (verifyOpening(event.leaf, event.payload, event.salt));
        checkPayload(payload);
        if (payload.recording !== recording || payload.n !== event.n) {
          step.fail(`${here}: what was logged is event ${payload.n} of recording ${payload.recording}`);
        }
        if (seen.has(payload.event)) step.fail(`${here} and ${seen.get(payload.event)} are one event`);
        seen.set(payload.event, here);
        opened.push({ event, payload });
        events += 1;
      } catch (error) {
        if (!(error instanceof VerifyError)) throw error;
        step.fail(`${here}: ${error.message}`);
      }
    }
  }
  step.say(`${many(events)} events opened`);
}

/** @param {Record<string, any>} payload */
function checkPayload(payload) {
  const texts = ["actor", "event", "kind"].every((key) => typeof payload[key] === "string");
  const counts = ["n", "epoch"].every((key) => Number.isSafeInteger(payload[key]) && payload[key] >= 0);
  const details = payload.details !== null && typeof payload.details === "object" && !Array.isArray(payload.details);
  const recording = payload.recording === null || (typeof payload.recording === "string" && UUID.test(payload.recording));
  const kind = /^[a-z][a-z0-9-]*:[a-z][a-z0-9-]*$/.test(payload.kind) && UUID.test(payload.event);
  const keys = Object.keys(payload).sort().join() === PAYLOAD_KEYS && payload.v === 1;
  if (!(texts && counts && details && recording && kind && keys)) {
    throw new VerifyError("This is not a valid custody event: a part of it is missing or of the wrong kind.");
  }
}

/** Step 10. @param {Case} it @param {Doing} step */
function checkWhole(it, step) {
  for (const [recording, history] of it.histories) {
    const events = it.shown.get(recording) ?? [];
    const numbers = events.map(({ event }) => event.n);
    const covered = new Set([...numbers, ...[...history.lost, ...history.withheld].map(({ n }) => n)]);
    const last = numbers.at(-1) ?? -1;
    const inOrder = numbers.every((n, i) => i === 0 || n > (numbers[i - 1] ?? 0));
    if (!events.length || !inOrder || covered.size !== last + 1 || [...covered].some((n) => n > last)) {
      step.fail(`recording ${recording}: its events are not numbered 0, 1, 2 … without a gap and in order`);
      continue;
    }
    const { epochs } = history;
    const numbered = epochs.length && epochs[0]?.first_n === 0 && epochs.every((epoch, i) => epoch.epoch === i);
    const rising = epochs.every((epoch, i) => i === 0 || epoch.first_n > (epochs[i - 1]?.first_n ?? 0));
    const own = new Set(epochs.map((epoch) => hex(epoch.tagKey))).size === epochs.length;
    if (!numbered || !rising || !own || (epochs.at(-1)?.first_n ?? 0) >= covered.size) {
      step.fail(`recording ${recording}: its tag keys do not follow one another from its first event on`);
      continue;
    }
    epochs.forEach((_, i) => checkEpoch(recording, history, i, events, step));
    checkTimes(recording, events, it.report.witnesses, step);
    checkWithheldEvents(recording, history, step);
    checkLost(recording, history, step);
  }
  const events = [...it.shown.values()].reduce((sum, shown) => sum + shown.length, 0);
  const withheld = [...it.histories.values()].reduce((sum, history) => sum + history.withheld.length, 0);
  const more = withheld ? ` and ${many(withheld)} that are not opened` : "";
  step.say(`no gap and no event twice among ${many(events)} events${more}`);
}

/** Lost events carry the recording's tags, and each is said loudly. @param {string} recording @param {History} history @param {Doing} step */
function checkLost(recording, history, step) {
  for (const lost of history.lost) {
    const here = place(recording, lost.n);
    const epoch = history.epochs[lost.epoch];
    if (!epoch) {
      step.fail(`${here} is shown as lost under tag key ${lost.epoch}, which is not shown`);
      continue;
    }
    try {
      if (parseLeaf(lost.leaf).tag !== tagOf(epoch.tagKey, lost.n)) {
        throw new VerifyError("its tag does not follow from the recording's tag key");
      }
    } catch (error) {
      if (!(error instanceof VerifyError)) throw error;
      step.fail(`${here}, shown as lost: ${error.message}`);
      continue;
    }
    step.warn(`LOST: ${here} is entry ${many(lost.index)} of the log, and nobody can show any more what it says`);
  }
}

/** @param {string} recording @param {History} history @param {number} at @param {Shown[]} events @param {Doing} step */
function checkEpoch(recording, history, at, events, step) {
  const epoch = history.epochs[at];
  const after = history.epochs[at + 1];
  if (!epoch) return;
  const own = events.filter(({ event }) => event.n >= epoch.first_n && (!after || event.n < after.first_n));
  for (const { event, payload } of own) {
    const here = place(recording, event.n);
    if (payload.epoch !== epoch.epoch) step.fail(`${here} was logged under tag key ${payload.epoch}, not ${epoch.epoch}`);
    if (parseLeaf(event.leaf).tag !== tagOf(epoch.tagKey, event.n)) {
      step.fail(`${here}: its tag does not follow from the recording's tag key`);
    }
    if (payload.kind === ROTATED && (!after || event.n !== after.first_n - 1)) {
      step.fail(`${here} ended its tag key, but the events after it are shown under the same one, or not at all`);
    }
  }
  const last = own.at(-1);
  if (!after) return;
  if (!last) {
    step.fail(`recording ${recording}: no event shown hands over to tag key ${after.epoch}`);
    return;
  }
  if (last.event.n !== after.first_n - 1) {
    step.fail(`${place(recording, after.first_n - 1)} must hand over to tag key ${after.epoch}, and is not opened`);
    return;
  }
  const { details, kind } = last.payload;
  const chained =
    details.epoch === epoch.epoch && details.events === after.first_n && details.next_key_sha256 === hex(sha256(after.tagKey));
  if (kind !== ROTATED || !chained) step.fail(`${place(recording, last.event.n)} should hand over to tag key ${after.epoch}, and does not`);
}

/** @param {string} recording @param {Shown[]} events @param {KeyUsed[]} witnesses @param {Doing} step */
function checkTimes(recording, events, witnesses, step) {
  const times = witnesses.map((witness) => witness.time ?? Infinity);
  const first = times.length ? Math.min(...times) : Infinity;
  let before = "";
  for (const { event, payload } of events) {
    if (payload.at < before) step.warn(`${place(recording, event.n)} is dated before the event it follows`);
    before = payload.at;
    if (Date.parse(payload.at) / 1000 > first + CLOCK_TOLERANCE) {
      step.warn(`${place(recording, event.n)} is dated after a witness had already seen it in the log (${moment(first)})`);
    }
  }
}

/** @param {Shown[]} events @returns {Map<number, Part>} */
function partsSealed(events) {
  /** @type {Map<number, Part>} */
  const parts = new Map();
  for (const { event, payload } of events) {
    if (!SEALING.includes(payload.kind)) continue;
    for (const part of list(payload.details.parts, `What event ${event.n} sealed`).map(readPart)) {
      const other = parts.get(part.part);
      if (other && JSON.stringify(other) !== JSON.stringify(part)) throw new VerifyError(`part ${part.part} was sealed twice, differently`);
      parts.set(part.part, part);
    }
  }
  return parts;
}

/** Step 11. @param {Case} it @param {Recording[]} recordings @param {Doing} step */
async function checkOriginals(it, recordings, step) {
  const taken = new Set();
  let size = 0;
  for (const recording of recordings) {
    let sealed;
    try {
      sealed = partsSealed(it.shown.get(recording.id) ?? []);
    } catch (error) {
      if (!(error instanceof VerifyError)) throw error;
      step.fail(`recording ${recording.id}: ${error.message}`);
      continue;
    }
    const packaged = recording.parts.map(({ part }) => part.part);
    const order = (/** @type {Iterable<number>} */ numbers) => [...numbers].sort((a, b) => a - b).join(", ");
    if (order(packaged) !== order(sealed.keys())) {
      step.fail(`recording ${recording.id}: sealed were parts ${order(sealed.keys())}, in the package are ${order(packaged)}`);
    }
    for (const { file, part } of recording.parts) {
      if (taken.has(file)) step.fail(`${quoted(file)} stands for more than one part`);
      taken.add(file);
      const wanted = sealed.get(part.part);
      try {
        const found = await it.open.digests(file, it.progress);
        size += found.size;
        if (!wanted) continue;
        if (found.size !== wanted.size || found.sha256 !== wanted.sha256 || found.chunkRoot !== wanted.chunk_root) {
          step.fail(`${quoted(file)} is not the file that was sealed as part ${wanted.part}`);
        } else if (JSON.stringify(part) !== JSON.stringify(wanted)) {
          step.fail(`${quoted(file)} is described otherwise than when it was sealed`);
        }
      } catch (error) {
        if (!(error instanceof VerifyError)) throw error;
        step.fail(error);
      }
    }
  }
  for (const name of it.open.names) {
    if (name.startsWith(ORIGINALS) && !taken.has(name)) {
      step.fail(`${quoted(name)} lies among the originals but is no part of a recording shown here`);
    }
  }
  step.say(`${many(taken.size)} files, ${many(size)} bytes`);
}

/** Step 12. @param {Case} it @param {string} manifest @param {Recording[]} recordings @param {Doing} step @param {string} kind The event of the hand-out. */
function checkExport(it, manifest, recordings, step, kind) {
  for (const { id } of recordings) {
    const events = it.shown.get(id) ?? [];
    const last = events.at(-1);
    if (!last || last.payload.kind !== kind) {
      step.fail(`recording ${id}: its history does not end with its hand-out`);
      continue;
    }
    const here = place(id, last.event.n);
    const { details } = last.payload;
    if (details.package !== it.report.package) step.fail(`${here} is the hand-out of another package`);
    if (details.manifest_sha256 !== manifest) {
      step.fail(`${here} is the hand-out of other files: the list of payload files is not the one it names`);
    }
    const history = it.histories.get(id);
    const unopened = [...(history?.lost ?? []), ...(history?.withheld ?? [])];
    const length = new Set([...events.map(({ event }) => event.n), ...unopened.map(({ n }) => n)]).size;
    if (details.events !== length) {
      step.fail(`${here} says that there were ${shown(details.events)} events; shown are ${many(length)}`);
    }
    checkSaid(here, details, history, step);
    if (!Number.isSafeInteger(details.log_size) || details.log_size > last.event.index) {
      step.fail(`${here} says that the log had ${shown(details.log_size)} entries before it, yet it is entry ${last.event.index}`);
    }
    if (!step.failed) {
      const when = `${last.payload.at.slice(0, 19).replace("T", " ")} UTC`;
      step.note(`recording ${id}: handed out ${when} to ${shown(details.recipient)}, for ${shown(details.purpose)}`);
    }
  }
}

/** Step 12, of the files beside the payload. @param {Case} it @param {Recording[]} recordings @param {Doing} step @param {string} [kind] The event of the hand-out. */
export async function checkDocuments(it, recordings, step, kind = EXPORTED) {
  /** @type {Map<string, unknown>} */
  const named = new Map();
  let told = false;
  for (const { id } of recordings) {
    const last = it.shown.get(id)?.at(-1);
    if (!last || last.payload.kind !== kind) continue; // step 12 has failed already
    const here = place(id, last.event.n);
    if (!Object.hasOwn(last.payload.details, "documents")) {
      step.warn(`${here} does not say which files were handed out beside the payload`);
      continue;
    }
    const { documents } = last.payload.details;
    if (documents === null || typeof documents !== "object" || Array.isArray(documents)) {
      step.fail(`${here} does not list the files beside the payload as it should`);
      continue;
    }
    told = true;
    for (const [name, digest] of Object.entries(documents)) {
      if (!named.has(name)) {
        named.set(name, digest);
        await checkDocument(it, name, digest, step);
      } else if (JSON.stringify(named.get(name)) !== JSON.stringify(digest)) {
        step.fail(`${here} names another ${quoted(name)} than the hand-out of another recording`);
      }
    }
  }
  sayWhatIsUnvouched(it, named, told, step);
}

/** @param {Case} it @param {string} name @param {unknown} digest @param {Doing} step */
async function checkDocument(it, name, digest, step) {
  if (!it.open.has(name)) {
    step.fail(`${quoted(name)} was handed out with this package and is missing`);
    return;
  }
  try {
    const found = (await it.open.digests(name, it.progress)).sha256;
    if (digest !== found) step.fail(`${quoted(name)} is not the file that was handed out: its SHA-256 is ${found}`);
  } catch (error) {
    if (!(error instanceof VerifyError)) throw error;
    step.fail(error);
  }
}

/** @param {Case} it @param {Map<string, unknown>} named @param {boolean} told @param {Doing} step */
function sayWhatIsUnvouched(it, named, told, step) {
  const names = it.open.names;
  const apart = (/** @type {string} */ name) =>
    CHECKED_OTHERWISE.includes(name) || Object.hasOwn(UNVOUCHED, name) || /^(?:data|custody)\//.test(name);
  const stray = names.filter((name) => !named.has(name) && !apart(name)).sort();
  if (stray.length && told) {
    for (const name of stray) step.fail(`${quoted(name)} is in the package, and the hand-out does not name it: it was added`);
  } else if (stray.length) {
    const more = stray.length > MAX_NAMED ? ` and ${many(stray.length - MAX_NAMED)} more` : "";
    step.warn(
      `NOTHING VOUCHES FOR ${stray.slice(0, MAX_NAMED).map(quoted).join(", ")}${more}: whoever had this package in hand ` +
        "may have replaced them, and only a checking program that came from elsewhere can be believed",
    );
  }
  for (const [name, reason] of Object.entries(UNVOUCHED)) {
    if (names.includes(name) && !named.has(name)) step.note(`nothing vouches for: ${name}; ${reason}`);
  }
}

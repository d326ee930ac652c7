// @ts-check
/**
 * Events of a history that are shown to exist and are not opened: entry, tag and proof stand, the opening does not.
 * The same checks as `withheld.py`.
 * @module
 */

import { quoted } from "./bag.js";
import { many } from "./case.js";
import { place, proofName } from "./contents.js";
import { VerifyError, leafHash, parseLeaf, parseProof, shown, tagOf, utf8, verifyInclusion } from "./tlog.js";

/** @typedef {import("./tlog.js").Checkpoint} Checkpoint */
/** @typedef {import("./case.js").Case} Case */
/** @typedef {import("./case.js").Doing} Doing */
/** @typedef {import("./case.js").History} History */
/** @typedef {import("./case.js").WithheldEvent} WithheldEvent */

/** Step 8. @param {Case} it @param {string} recording @param {WithheldEvent} event @param {Checkpoint} checkpoint */
export async function includedWithheld(it, recording, event, checkpoint) {
  const expected = proofName(recording, event.n);
  if (event.proof !== expected) throw new VerifyError(`its proof should be ${quoted(expected)}, not ${quoted(event.proof)}`);
  const proof = parseProof(await it.open.text(expected, 64_000_000));
  if (proof.index !== event.index) throw new VerifyError(`its proof is for entry ${proof.index}, its history says ${event.index}`);
  if (proof.checkpoint !== it.checkpointText) throw new VerifyError("its proof is for another checkpoint than the package's");
  if (proof.extra !== null) throw new VerifyError("its proof carries an opening, and it is shown as one that is not opened");
  verifyInclusion(leafHash(utf8(event.leaf)), event.index, checkpoint.size, proof.hashes, checkpoint.root);
}

/** Step 10. @param {string} recording @param {History} history @param {Doing} step */
export function checkWithheldEvents(recording, history, step) {
  const opened = new Set(history.events.map(({ n }) => n));
  const numbers = history.withheld.map(({ n }) => n);
  if (!numbers.every((n, i) => i === 0 || n > (numbers[i - 1] ?? 0))) {
    step.fail(`recording ${recording}: an event that is not opened is shown twice, or out of order`);
    return;
  }
  for (const event of history.withheld) {
    const here = place(recording, event.n);
    if (opened.has(event.n)) step.fail(`${here} is shown both opened and not opened`);
    const key = history.epochs.filter((epoch) => epoch.first_n <= event.n).at(-1);
    try {
      if (!key || parseLeaf(event.leaf).tag !== tagOf(key.tagKey, event.n)) {
        throw new VerifyError("its tag does not follow from the recording's tag key");
      }
    } catch (error) {
      if (!(error instanceof VerifyError)) throw error;
      step.fail(`${here}, which is not opened: ${error.message}`);
    }
  }
  if (history.withheld.length && !step.failed) {
    const told = Object.entries(byReason(history.withheld)).sort(([a], [b]) => (a < b ? -1 : 1));
    const reasons = told.map(([reason, these]) => `${shown(reason)}: ${many(these.length)}`).join(", ");
    step.note(
      `recording ${recording}: ${many(history.events.length)} events are opened, ${many(history.withheld.length)} are shown ` +
        `to exist and not opened (${reasons})`,
    );
  }
}

/** Step 12. @param {string} here @param {Record<string, any>} details @param {History | undefined} history @param {Doing} step */
export function checkSaid(here, details, history, step) {
  const said = Object.hasOwn(details, "withheld") ? details.withheld : {};
  const found = byReason(history?.withheld ?? []);
  const object = said !== null && typeof said === "object" && !Array.isArray(said);
  const reasons = object ? Object.keys(said) : [];
  const alike =
    object &&
    reasons.length === Object.keys(found).length &&
    reasons.every((reason) => Object.hasOwn(found, reason) && JSON.stringify(said[reason]) === JSON.stringify(found[reason]));
  if (!alike) step.fail(`${here} says that other events are not opened than are shown so`);
}

/** Their numbers, by the reason given. @param {WithheldEvent[]} events @returns {Record<string, number[]>} */
export function byReason(events) {
  /** @type {Record<string, number[]>} */
  const found = Object.create(null); // a reason may be called like something that every object has
  for (const { n, reason } of events) (found[reason] ??= []).push(n);
  return found;
}

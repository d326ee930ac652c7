// @ts-check
/**
 * Checking a line of a custody history: is what the page says what the log holds? Pure: bytes and texts in, a finding
 * out. The formats and proofs are those of tlog.js, the same script that lies in every package.
 * @module
 */

import * as tlog from "../../../verify/web/tlog.js";

/** @typedef {{event: string, n: number, payload: string, recording: string}} Shown What the page says of an event. */
/** @typedef {{log: tlog.Vkey, policy: tlog.Policy | null}} Trust */
/**
 * @typedef {{index: number, size: number, origin: string, n: number, event: string, recording: string, at: string,
 *   witnesses: string[], of: number, met: boolean}} Finding
 */
/** @typedef {{state: "first" | "same" | "changed", trusted: string, since: string}} Memory */

const KEPT = "candor.log-key";

/**
 * The key to check with: the one this browser saw first. Another key than that is never taken by itself.
 * @param {Pick<Storage, "getItem" | "setItem">} storage @param {string} vkey What the page gives.
 * @param {() => Date} [now] @returns {Memory}
 */
export function remember(storage, vkey, now = () => new Date()) {
  tlog.parseVkey(vkey);
  let kept = null;
  try {
    kept = JSON.parse(storage.getItem(KEPT) ?? "null");
    if (kept !== null) tlog.parseVkey(kept.vkey);
  } catch {
    kept = null; // something else wrote there: it is no key
  }
  if (kept === null) {
    trust(storage, vkey, now);
    return { state: "first", trusted: vkey, since: now().toISOString() };
  }
  return { state: kept.vkey === vkey ? "same" : "changed", trusted: kept.vkey, since: String(kept.since) };
}

/**
 * Take a key as the right one from now on.
 * @param {Pick<Storage, "setItem">} storage @param {string} vkey @param {() => Date} [now]
 */
export function trust(storage, vkey, now = () => new Date()) {
  storage.setItem(KEPT, JSON.stringify({ vkey, since: now().toISOString() }));
}

/**
 * Show that an event is in the log as the page tells it, or throw VerifyError with the reason.
 *
 * The log's signature under the trusted key; the entry in the signed tree; what stands behind the entry's commitment;
 * that this is what the page shows; and which witnesses cosigned.
 * @param {string} proofText A `.tlog-proof` with the opening in its extra line.
 * @param {Shown | null} shown Null where the page does not show the line. @param {Trust} trusted
 * @returns {Promise<Finding>}
 */
export async function checkLine(proofText, shown, trusted) {
  const proof = tlog.parseProof(proofText);
  const checkpoint = tlog.parseCheckpoint(proof.checkpoint);
  await tlog.verifyLogSignature(checkpoint, trusted.log);
  if (proof.extra === null) throw new tlog.VerifyError("The proof does not say what stands behind the entry.");
  const opening = tlog.parseCanonical(tlog.decoded(proof.extra, "The opening"), "The opening");
  const [leaf, payloadText, salt] = [opening["leaf"], opening["payload"], opening["salt"]];
  if (typeof leaf !== "string" || typeof payloadText !== "string" || typeof salt !== "string") {
    throw new tlog.VerifyError("The opening does not hold entry, event and salt.");
  }
  const hash = tlog.leafHash(tlog.utf8(leaf));
  tlog.verifyInclusion(hash, proof.index, checkpoint.size, proof.hashes, checkpoint.root);
  const payload = tlog.verifyOpening(leaf, payloadText, salt);
  if (shown !== null) checkShown(shown, payloadText, payload);
  const { witnesses, met } = await cosigners(checkpoint, trusted.policy);
  return {
    index: proof.index,
    size: checkpoint.size,
    origin: checkpoint.origin,
    n: Number(payload["n"]),
    event: String(payload["event"]),
    recording: String(payload["recording"]),
    at: String(payload["at"]),
    witnesses,
    of: trusted.policy?.witnesses.size ?? 0,
    met,
  };
}

/** @param {Shown} shown @param {string} text @param {Record<string, unknown>} payload */
function checkShown(shown, text, payload) {
  if (payload["event"] !== shown.event) {
    throw new tlog.VerifyError("The proof is of another event than this line.");
  }
  if (payload["recording"] !== shown.recording) {
    throw new tlog.VerifyError("The proof is of an event of another recording.");
  }
  if (payload["n"] !== shown.n || text !== shown.payload) {
    throw new tlog.VerifyError("What this page shows is not what the log holds of the event.");
  }
}

/** @param {tlog.Checkpoint} checkpoint @param {tlog.Policy | null} policy */
async function cosigners(checkpoint, policy) {
  /** @type {string[]} */
  const witnesses = [];
  if (policy === null) return { witnesses, met: true };
  const signed = new Set();
  for (const [name, key] of policy.witnesses) {
    if ((await tlog.verifyCosignature(checkpoint, key)) === null) continue;
    signed.add(name);
    witnesses.push(key.name);
  }
  return { witnesses, met: tlog.quorumMet(policy, signed) };
}

/**
 * Whether the numbers run from 0 without a gap or a repeat; throws VerifyError where they do not.
 * @param {readonly number[]} numbers Of every event, also of those that wait.
 * @param {number} total How many there were when the page was made; more may have come since.
 */
export function checkNumbers(numbers, total) {
  const sorted = [...numbers].sort((a, b) => a - b);
  sorted.forEach((n, at) => {
    if (n !== at) throw new tlog.VerifyError(`Event number ${at} of the recording is missing or stands there twice.`);
  });
  if (sorted.length < total) {
    throw new tlog.VerifyError(`The server gave ${sorted.length} events, the page speaks of ${total}.`);
  }
}

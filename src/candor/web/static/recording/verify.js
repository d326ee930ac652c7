// @ts-check
/** The verify buttons of a custody history. Everything is checked here; of the server only texts are taken. */

import * as tlog from "../../../verify/web/tlog.js";
import { filled } from "./player-state.js";
import { checkLine, checkNumbers, remember, trust } from "./verify-line.js";

/** @typedef {import("./verify-line.js").Finding} Finding */

const words = () => JSON.parse(document.getElementById("history")?.dataset.words ?? "{}");
const count = (/** @type {number} */ n) => n.toLocaleString("en").replaceAll(",", "\u202f");

/** @type {Promise<{log: tlog.Vkey, policy: tlog.Policy | null}> | null} */
let trusted = null;

function browserStorage() {
  try {
    return window.localStorage;
  } catch {
    return null;
  }
}

/** The key that this browser goes by, and what there is to say about it. */
function showKey() {
  const place = document.getElementById("log-key");
  const vkey = place?.dataset.vkey;
  if (!place || !vkey) return null;
  const storage = browserStorage();
  const found = storage ? remember(storage, vkey) : { state: "first", trusted: vkey, since: "" };
  const digits = tlog.grouped(tlog.fingerprint(tlog.parseVkey(vkey)));
  const shown = place.querySelector("[data-fingerprint]");
  if (shown) shown.textContent = digits;
  for (const note of place.querySelectorAll("[data-when]")) {
    if (note instanceof HTMLElement) note.hidden = note.dataset.when !== found.state;
  }
  const old = place.querySelector("[data-fingerprint-before]");
  if (old) old.textContent = tlog.grouped(tlog.fingerprint(tlog.parseVkey(found.trusted)));
  const since = place.querySelector("[data-since]");
  if (since) since.textContent = found.since.slice(0, 10);
  place.dataset.state = found.state;
  return found.trusted;
}

async function findTrust() {
  const vkey = showKey();
  if (!vkey) throw new tlog.VerifyError(words().noLog);
  const answer = await fetch("/custody/policy");
  if (!answer.ok) throw new tlog.VerifyError(words().noAnswer);
  const policy = tlog.parsePolicy(await answer.text());
  return { log: tlog.parseVkey(vkey), policy };
}

/** @returns {HTMLElement[]} */
const lines = () => [...document.querySelectorAll("#history [data-event]")].filter((one) => one instanceof HTMLElement);

/** What the page says of an event, from the page itself. @param {HTMLElement} line */
function shownOf(line) {
  return {
    event: line.dataset.event ?? "",
    n: Number(line.dataset.n),
    payload: line.querySelector("[data-payload]")?.textContent ?? "",
    recording: document.getElementById("history")?.dataset.recording ?? "",
  };
}

/**
 * @param {HTMLElement} line @param {"ok" | "bad" | "wait" | "busy"} outcome @param {string} text
 */
function tell(line, outcome, text) {
  line.dataset.outcome = outcome;
  const place = line.querySelector("[data-result]");
  if (place instanceof HTMLElement) {
    place.hidden = outcome === "busy";
    const say = place.querySelector("[data-result-words]");
    if (say) say.textContent = text;
    place.setAttribute("role", outcome === "bad" ? "alert" : "status");
  }
}

/** @param {Finding} found */
function findingWords(found) {
  const said = words();
  const at = filled(said.verified, { index: count(found.index), size: count(found.size), origin: found.origin });
  if (!found.of) return `${at} ${said.noWitness}`;
  if (!found.witnesses.length) return `${at} ${said.unwitnessed}`;
  return `${at} ${filled(said.witnessed, { count: found.witnesses.length, of: found.of, names: found.witnesses.join(", ") })}`;
}

/** @param {unknown} error */
function reason(error) {
  return error instanceof tlog.VerifyError ? error.message : words().noAnswer;
}

/** @param {HTMLElement} line */
async function verifyOne(line) {
  tell(line, "busy", "");
  try {
    const keys = await (trusted ??= findTrust());
    const answer = await fetch(`/events/${line.dataset.event}/proof`, { headers: { Accept: "application/json" } });
    if (answer.status === 409) {
      tell(line, "wait", words().waiting);
      return;
    }
    if (!answer.ok) throw new tlog.VerifyError(words().noAnswer);
    const found = await checkLine(await answer.text(), shownOf(line), keys);
    if (!found.met) throw new tlog.VerifyError(words().quorum);
    tell(line, "ok", findingWords(found));
  } catch (error) {
    trusted = null;
    tell(line, "bad", filled(words().failed, { reason: reason(error) }));
  }
}

/** @param {"ok" | "bad" | "busy"} outcome @param {string} text */
function tellAll(outcome, text) {
  const place = document.getElementById("verify-all-result");
  if (!place) return;
  place.dataset.outcome = outcome;
  place.hidden = false;
  place.setAttribute("role", outcome === "bad" ? "alert" : "status");
  const say = place.querySelector("[data-result-words]");
  if (say) say.textContent = text;
}

/**
 * @param {{event: string, n: number, proof: string}} one @param {HTMLElement | undefined} line
 * @param {{log: tlog.Vkey, policy: tlog.Policy | null}} keys @returns {Promise<number | null>} Its number if it holds.
 */
async function verifyGiven(one, line, keys) {
  try {
    const found = await checkLine(one.proof, line ? shownOf(line) : null, keys);
    const recording = document.getElementById("history")?.dataset.recording;
    if (found.event !== one.event || found.n !== one.n || found.recording !== recording) {
      throw new tlog.VerifyError(words().other);
    }
    if (!found.met) throw new tlog.VerifyError(words().quorum);
    if (line) tell(line, "ok", findingWords(found));
    return found.n;
  } catch (error) {
    if (line) tell(line, "bad", filled(words().failed, { reason: reason(error) }));
    return null;
  }
}

async function verifyAll() {
  const place = document.getElementById("history");
  if (!place) return;
  const total = Number(place.dataset.total);
  tellAll("busy", words().busy);
  let [good, bad, waits] = [0, 0, 0];
  try {
    const keys = await (trusted ??= findTrust());
    const byEvent = new Map(lines().map((line) => [line.dataset.event, line]));
    /** @type {number[]} */
    const numbers = [];
    /** @type {number | null} */
    let from = 0;
    while (from !== null) {
      const answer = await fetch(`/recordings/${place.dataset.recording}/proofs?from=${from}`);
      if (!answer.ok) throw new tlog.VerifyError(words().noAnswer);
      const given = await answer.json();
      for (const one of given.proofs) {
        const n = await verifyGiven(one, byEvent.get(one.event), keys);
        if (n === null) bad += 1;
        else good += 1;
        numbers.push(Number(one.n));
        if ((good + bad) % 10 === 0) tellAll("busy", filled(words().progress, { done: good + bad, total }));
      }
      for (const one of given.waiting) {
        waits += 1;
        numbers.push(one.n);
        const line = byEvent.get(one.event);
        if (line) tell(line, "wait", words().waiting);
      }
      // Only ever onwards: an answer that leads back would never end.
      if (given.next !== null && !(given.next > from)) throw new tlog.VerifyError(words().noAnswer);
      from = given.next;
    }
    if (bad) {
      tellAll("bad", filled(words().someFailed, { bad: count(bad), all: count(good + bad) }));
      return;
    }
    checkNumbers(numbers, total);
    const still = waits ? ` ${filled(words().someWait, { waits: count(waits) })}` : "";
    tellAll("ok", filled(words().allVerified, { count: count(good) }) + still);
  } catch (error) {
    trusted = null;
    tellAll("bad", filled(words().failed, { reason: reason(error) }));
  }
}

document.addEventListener("click", (event) => {
  const target = event.target instanceof Element ? event.target : null;
  const one = target?.closest("[data-verify]")?.closest("[data-event]");
  if (one instanceof HTMLElement) void verifyOne(one);
  if (target?.closest("[data-verify-all]")) void verifyAll();
  if (target?.closest("[data-trust-new]")) {
    const [storage, vkey] = [browserStorage(), document.getElementById("log-key")?.dataset.vkey];
    if (storage && vkey) trust(storage, vkey);
    trusted = null;
    showKey();
  }
});

document.addEventListener("htmx:after:swap", () => void showKey());
// A history that keeps itself fresh does not wipe away what somebody is reading or has verified.
for (const name of ["htmx:before:request", "htmx:before:swap"]) {
  document.addEventListener(name, (event) => {
    const source = event.target instanceof Element ? event.target : null;
    const inUse = "#history [data-outcome], #history details[open], #history :focus";
    if (source?.matches("[data-refresh]") && document.querySelector(inUse)) event.preventDefault();
  });
}
showKey();

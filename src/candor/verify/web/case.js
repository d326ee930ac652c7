// @ts-check
/**
 * A verification under way: its steps, what they hand on to each other, and the report they make.
 * The titles of the steps and the limits of what a log can show are handed in by the page, from one source.
 * @module
 */

import { UnreadableBag } from "./bag.js";
import { VerifyError, fingerprint } from "./tlog.js";

/** @typedef {import("./bag.js").Bag} Bag */
/** @typedef {import("./tlog.js").Checkpoint} Checkpoint */
/** @typedef {import("./tlog.js").Policy} Policy */
/** @typedef {import("./tlog.js").Vkey} Vkey */
/** @typedef {"passed" | "warning" | "failed" | "not run"} Outcome */
/** @typedef {{step: number, outcome: Outcome, words: string, findings: string[], more: number, notes: string[], kind?: "redacted"}} Step */
/** @typedef {{name: string, vkey: string, fingerprint: string, time?: number}} KeyUsed */
/** @typedef {{policy: Policy | null, source: string}} Trust */
/** @typedef {{part: number, sha256: string, chunk_root: string, chunk_size: number, size: number, name: string}} Part */
/** @typedef {{id: string, parts: {file: string, part: Part}[]}} Recording */
/** @typedef {{n: number, index: number, leaf: string, payload: string, salt: string, proof: string}} ShownEvent */
/** @typedef {{n: number, epoch: number, index: number, leaf: string, proof: string}} LostEvent */
/** @typedef {{recording: string, epochs: {epoch: number, first_n: number, tagKey: Uint8Array<ArrayBuffer>}[], events: ShownEvent[], lost: LostEvent[], withheld: WithheldEvent[]}} History */
/** @typedef {{n: number, index: number, leaf: string, proof: string, reason: string}} WithheldEvent */
/** @typedef {{recording: string, events: number, reason: string, citation: string, decided_by: string}} WithheldRecording */
/** @typedef {{discovery: string, number: string, case: string, package: string, made: string, sides: string[], recordings: number, given: {recording: string, events: number, withheld: number}[], withheld: WithheldRecording[], reasons: Map<string, string>}} Discovery */
/** @typedef {{discovery: string, number: string, case: string, made: string, sides: string[], recordings: number, given: number, withheld: WithheldRecording[], events: number, withheld_events: number}} DiscoveryTold */
/** @typedef {{event: ShownEvent, payload: Record<string, any>}} Shown */
/**
 * @typedef {object} Report
 * @property {"package" | "redacted" | "discovery"} kind
 * @property {Step[]} steps
 * @property {"outside" | "package" | "none"} keys
 * @property {string} keySource
 * @property {KeyUsed | null} log
 * @property {number | null} treeSize
 * @property {KeyUsed[]} witnesses
 * @property {string | null} package
 * @property {string | null} agency
 * @property {{id: string, parts: number, events: number, withheld?: number}[]} recordings
 * @property {DiscoveryTold} [discovery] Of discovery: what of the case is given and what is withheld.
 * @property {boolean} unreadable
 * @property {"verified" | "consistent-not-proven" | "failed" | "unreadable"} verdict
 * @property {number | null} firstFailure
 */

const MAX_FINDINGS = 20;

/** One step being done. */
export class Doing {
  /** @param {number} number */
  constructor(number) {
    /** @type {Step} */
    this.step = { step: number, outcome: "passed", words: "", findings: [], more: 0, notes: [] };
  }

  /** @param {unknown} finding */
  fail(finding) {
    this.step.outcome = "failed";
    this.add(finding instanceof Error ? finding.message : String(finding));
  }

  /** @param {string} finding */
  warn(finding) {
    if (!this.failed) this.step.outcome = "warning";
    this.add(finding);
  }

  /** @param {string} text */
  note(text) {
    this.step.notes.push(text);
  }

  /** @param {string} text */
  say(text) {
    if (!this.failed) this.step.words = text;
  }

  /** @param {string} reason */
  notRun(reason) {
    this.step.outcome = "not run";
    this.step.words = reason;
  }

  get failed() {
    return this.step.outcome === "failed";
  }

  /** @param {string} finding */
  add(finding) {
    if (this.step.findings.length < MAX_FINDINGS) this.step.findings.push(finding);
    else this.step.more += 1;
  }
}

/** @param {number} count */
export function many(count) {
  return count.toLocaleString("en-US");
}

/** @param {number} seconds Since 1970. */
export function moment(seconds) {
  if (!(seconds >= 0 && seconds <= 253_402_300_799)) return `${seconds} seconds after 1970`;
  return `${new Date(seconds * 1000).toISOString().slice(0, 19).replace("T", " ")} UTC`;
}

/** @param {Vkey} key @param {number} [time] @returns {KeyUsed} */
export function used(key, time) {
  const found = { name: key.name, vkey: key.text, fingerprint: fingerprint(key) };
  return time === undefined ? found : { ...found, time };
}

/** A verification under way: one bag, one trust, one report. */
export class Case {
  /**
   * @param {Trust} trust
   * @param {(step: Step) => void} [onStep]
   */
  constructor(trust, onStep) {
    this.trust = trust;
    this.onStep = onStep;
    /** @type {Report} */
    this.report = {
      kind: "package",
      steps: [],
      keys: "none",
      keySource: "",
      log: null,
      treeSize: null,
      witnesses: [],
      package: null,
      agency: null,
      recordings: [],
      unreadable: false,
      verdict: "failed",
      firstFailure: null,
    };
    /** @type {Bag | null} */
    this.bag = null;
    /** @type {Checkpoint | null} */
    this.checkpoint = null;
    this.checkpointText = "";
    /** @type {Policy | null} */
    this.policy = null;
    /** @type {Recording[] | null} */
    this.recordings = null;
    /** @type {Map<string, History>} */
    this.histories = new Map();
    /** @type {Map<string, Shown[]>} */
    this.shown = new Map();
    /** @type {Discovery | null} */
    this.discovery = null;
    /** The event of the discovery. @type {{index: number, leaf: string, payload: string, salt: string} | null} */
    this.made = null;
    /** @type {(bytes: number) => void} */
    this.progress = () => {};
  }

  /** Do one step; a VerifyError that leaves it is what it failed on. @param {number} number @param {(doing: Doing) => Promise<void> | void} act */
  async step(number, act) {
    const doing = new Doing(number);
    try {
      await act(doing);
    } catch (error) {
      if (!(error instanceof VerifyError)) throw error;
      doing.fail(error);
    }
    this.report.steps.push(doing.step);
    this.onStep?.(doing.step);
    return doing;
  }

  /** @returns {Bag} */
  get open() {
    if (!this.bag) throw new UnreadableBag("There is no package.");
    return this.bag;
  }
}

// @ts-check
/**
 * The verification page: takes keys and a package from the person, shows the steps as they end.
 * Everything that comes from the package reaches the page as text, never as markup.
 * @module
 */

import { moment } from "./case.js";
import { verifyPackage } from "./package.js";
import { VerifyError, fingerprint, grouped, shown } from "./tlog.js";
import { trustFromText } from "./trust.js";

/** @typedef {import("./case.js").Report} Report */
/** @typedef {import("./case.js").Step} Step */
/** @typedef {import("./case.js").Trust} Trust */
/** @typedef {Blob | [string, Blob][]} Given */

/** @typedef {Record<string, string>} ByStep */
/** @type {{titles: ByStep, failures: ByStep, redacted: {titles: ByStep, failures: ByStep}, limits: string[], groups: [string, number[]][]}} */
const WORDS = JSON.parse(byId("words").textContent ?? "{}");

const PATHS = {
  passed: ["M4 10.5l4 4 8-9"],
  warning: ["M10 2.8L18 17H2z", "M10 8v4", "M10 14.6v.1"],
  failed: ["M5 5l10 10", "M15 5L5 15"],
  "not run": ["M5 10h10"],
  pending: ["M10 6.5a3.5 3.5 0 1 1 0 7 3.5 3.5 0 0 1 0-7z"],
};

/** @param {string} id @returns {HTMLElement} */
function byId(id) {
  const found = document.getElementById(id);
  if (!found) throw new Error(`The page has no ${id}.`);
  return found;
}

/** @param {string} tag @param {string} className @param {...(Node | string)} children @returns {HTMLElement} */
function element(tag, className, ...children) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  made.append(...children);
  return made;
}

/** @param {keyof typeof PATHS} kind */
function icon(kind) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "0 0 20 20");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  for (const d of PATHS[kind]) {
    const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
    path.setAttribute("d", d);
    svg.append(path);
  }
  return svg;
}

// ---------------------------------------------------------------- A: keys

const keys = /** @type {HTMLTextAreaElement} */ (byId("keys"));
let keysFrom = whereFrom();

/** A page that offers keys of its own says where they come from, until somebody types others. */
function whereFrom() {
  return (keys.value && keys.dataset.offered === keys.value && keys.dataset.source) || "typed in on this page";
}

/** @returns {Trust | null} Null while what stands there cannot be read. */
function readKeys() {
  const state = byId("keys-state");
  state.replaceChildren();
  try {
    const trust = trustFromText(keys.value, keysFrom);
    if (!trust.policy) {
      state.append(element("p", "note warning", "No key given: the keys inside the package will be used, and nothing will be proven."));
    }
    for (const log of trust.policy?.logs ?? []) {
      state.append(
        element("div", "note passed", `Log ${shown(log.name)}`, element("div", "print", grouped(fingerprint(log)))),
      );
    }
    const witnesses = trust.policy?.witnesses.size ?? 0;
    if (trust.policy) {
      state.append(element("p", "hint", witnesses ? `${witnesses} witness${witnesses > 1 ? "es" : ""} known.` : "No witness known."));
    }
    return trust;
  } catch (error) {
    if (!(error instanceof VerifyError)) throw error;
    state.append(element("p", "note failed", error.message));
    return null;
  }
}

keys.addEventListener("input", () => {
  keysFrom = whereFrom();
  readKeys();
});
byId("keys-file").addEventListener("change", async (event) => {
  const input = /** @type {HTMLInputElement} */ (event.target);
  const file = input.files?.[0];
  input.value = "";
  if (!file) return;
  keys.value = file.size > 1_000_000 ? "(this file is too large for a policy)" : await file.text();
  keysFrom = `the file ${file.name}`;
  readKeys();
});

// ---------------------------------------------------------------- B: the package

/** @type {Given | null} */
let given = null;
let chosen = "";
let busy = false;

/** @param {Given} files @param {string} name */
function choose(files, name) {
  if (busy) return;
  // A page around this one may know what to do with a file that is no package.
  const told = { detail: { file: files, name }, cancelable: true };
  if (files instanceof Blob && !document.dispatchEvent(new CustomEvent("candor-file", told))) return;
  given = files;
  chosen = name;
  byId("chosen").textContent = shown(name);
  check();
}

/** @param {File} file @returns {[string, Blob]} */
function withPath(file) {
  return [file.webkitRelativePath || file.name, file];
}

byId("folder").addEventListener("change", (event) => {
  const input = /** @type {HTMLInputElement} */ (event.target);
  const files = [...(input.files ?? [])].map(withPath);
  input.value = "";
  if (files.length) choose(files, files[0][0].split("/")[0]);
});
byId("zip").addEventListener("change", (event) => {
  const input = /** @type {HTMLInputElement} */ (event.target);
  const file = input.files?.[0];
  input.value = "";
  if (file) choose(file, file.name);
});

/** Every file below a dropped entry. @param {FileSystemEntry} entry @param {[string, Blob][]} found @returns {Promise<void>} */
async function gather(entry, found) {
  if (found.length > 100_000) return;
  const path = entry.fullPath.replace(/^\//, "");
  if (entry.isFile) {
    const file = /** @type {FileSystemFileEntry} */ (entry);
    found.push([path, await new Promise((resolve, reject) => file.file(resolve, reject))]);
    return;
  }
  const reader = /** @type {FileSystemDirectoryEntry} */ (entry).createReader();
  for (;;) {
    /** @type {FileSystemEntry[]} */
    const entries = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
    if (!entries.length) return;
    for (const inner of entries) await gather(inner, found);
  }
}

const drop = byId("drop");
for (const target of [document.documentElement, drop]) {
  target.addEventListener("dragover", (event) => {
    event.preventDefault();
    drop.classList.add("over");
  });
}
document.documentElement.addEventListener("dragleave", (event) => {
  if (!event.relatedTarget) drop.classList.remove("over");
});
document.documentElement.addEventListener("drop", async (event) => {
  event.preventDefault();
  drop.classList.remove("over");
  const items = [...(event.dataTransfer?.items ?? [])];
  const entries = items.map((item) => item.webkitGetAsEntry()).filter((entry) => entry !== null);
  const [first] = entries;
  const file = event.dataTransfer?.files[0];
  if (entries.length === 1 && first?.isFile && file) {
    choose(file, file.name);
  } else if (first) {
    /** @type {[string, Blob][]} */
    const found = [];
    for (const entry of entries) await gather(entry, found);
    choose(found, first.name);
  }
});

// ---------------------------------------------------------------- the result

/** @type {Map<number, HTMLElement>} */
const rows = new Map();

function drawSteps() {
  const steps = byId("steps");
  steps.replaceChildren();
  for (const [heading, numbers] of WORDS.groups) {
    const list = element("ol", "steps");
    for (const number of numbers) {
      const row = element("li", "pending");
      rows.set(number, row);
      list.append(row);
      drawStep({ step: number, outcome: "not run", words: "", findings: [], more: 0, notes: [] }, true);
    }
    steps.append(element("h3", "", heading), list);
  }
}

/** @param {Step} step */
function titleOf(step) {
  return (step.kind && WORDS.redacted.titles[step.step]) ?? WORDS.titles[step.step] ?? "";
}

/** @param {Step} step @param {boolean} [pending] */
function drawStep(step, pending = false) {
  const row = rows.get(step.step);
  if (!row) return;
  const kind = pending ? "pending" : step.outcome;
  row.className = kind === "not run" ? "pending" : kind;
  row.dataset.step = String(step.step);
  row.dataset.outcome = pending ? "" : step.outcome;
  const loud = step.outcome === "failed" || step.outcome === "warning";
  row.replaceChildren(
    icon(kind),
    element("span", "number", String(step.step)),
    element("span", "title", titleOf(step)),
    element("span", "state", pending ? "" : loud ? step.outcome.toUpperCase() : step.outcome),
  );
  const said = element("div", "said");
  if (step.words) said.append(element("div", "", step.words));
  const lines = [...step.findings, ...(step.more ? [`… and ${step.more} more`] : [])].map((text) => element("li", "found", text));
  lines.push(...step.notes.map((text) => element("li", "", text)));
  if (lines.length) said.append(element("ul", "", ...lines));
  if (said.childNodes.length) row.append(said);
}

/** @param {"passed" | "warning" | "failed" | "pending"} kind @param {string} line @param {string} more */
function drawVerdict(kind, line, more) {
  const verdict = byId("verdict");
  verdict.className = kind;
  verdict.replaceChildren(icon(kind), element("div", "", element("strong", "", line), element("span", "", more)));
}

/** @param {Report} report */
function announce(report) {
  const failure = report.firstFailure;
  const warnings = report.steps.filter((step) => step.outcome === "warning").length;
  byId("verdict").dataset.verdict = report.verdict;
  if (report.verdict === "unreadable") {
    drawVerdict("failed", "Not readable as a package", report.steps[0]?.findings[0] ?? "");
  } else if (failure !== null) {
    const words = (report.kind === "redacted" && WORDS.redacted.failures[failure]) || WORDS.failures[failure];
    drawVerdict("failed", `Failed at step ${failure}`, `${sentence(words ?? "")} Do not rely on this package.`);
  } else if (report.verdict === "verified") {
    const weigh = warnings ? ` ${warnings} warning${warnings > 1 ? "s" : ""} to weigh.` : "";
    drawVerdict(warnings ? "warning" : "passed", "Verified", `Every check passed, with keys from outside the package (${shown(report.keySource)}).${weigh}`);
  } else {
    drawVerdict(
      "warning",
      "Consistent, but not proven",
      "The keys came from the package itself. Everything in it agrees, but a forger of all of it could have forged the " +
        "keys too. Put in the log’s key from elsewhere (A) and check again.",
    );
  }
}

/** @param {string} text */
function sentence(text) {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}

/** @param {Report} report */
function drawFacts(report) {
  /** @type {[string, Node | string][]} */
  const facts = [["Checked", `${chosen ? `${shown(chosen)}, ` : ""}${moment(Math.floor(Date.now() / 1000))}`]];
  if (report.agency !== null) facts.push(["From", `${shown(report.agency)}, package ${report.package}`]);
  if (report.kind === "redacted") {
    const copies = report.recordings.reduce((sum, { parts }) => sum + parts, 0);
    const one = "a redacted copy; the original is not in it";
    facts.push(["Holds", copies === 1 ? one : `${copies} redacted copies; the originals are not in it`]);
  }
  for (const { id, parts, events, withheld } of report.recordings) {
    const kept = withheld ? `, ${withheld} more not opened` : "";
    facts.push(["Recording", `${id}: ${parts} file${parts === 1 ? "" : "s"}, ${events} custody events${kept}`]);
  }
  if (report.discovery) {
    const { number, case: which, recordings, given, withheld } = report.discovery;
    facts.push(["Discovery", `${shown(number)} in case ${shown(which)}: ${recordings} recordings, ${given} given, ${withheld.length} withheld`]);
    for (const one of withheld) {
      facts.push(["Withheld", `${one.recording}: ${one.events} custody events; ${shown(one.reason)} (${shown(one.citation)})`]);
    }
  }
  if (report.log) {
    const where = report.keys === "outside" ? report.keySource : "FROM THE PACKAGE ITSELF";
    facts.push(["Log", `${shown(report.log.name)}, ${(report.treeSize ?? 0).toLocaleString("en-US")} entries`]);
    facts.push([
      "Log key",
      element("div", "", `${shown(where)}; fingerprint`, element("div", "print", grouped(report.log.fingerprint))),
    ]);
  }
  const list = byId("facts");
  list.replaceChildren(...facts.flatMap(([name, value]) => [element("dt", "", name), element("dd", "", value)]));
}

/** @param {number} done @param {number} total */
function drawProgress(done, total) {
  const bar = /** @type {HTMLProgressElement} */ (byId("bar"));
  bar.value = total ? done / total : 1;
  byId("bar-text").textContent = `${(done / 1e6).toFixed(0)} of ${(total / 1e6).toFixed(0)} MB`;
}

async function check() {
  const trust = readKeys();
  if (!given || busy) return;
  if (!trust) {
    drawVerdict("warning", "Not checked yet", "What stands under A cannot be read as keys or as a policy.");
    return;
  }
  busy = true;
  const again = /** @type {HTMLButtonElement} */ (byId("again"));
  again.disabled = true;
  delete byId("verdict").dataset.verdict;
  byId("facts").replaceChildren();
  byId("keep").hidden = true;
  byId("progress").hidden = false;
  drawProgress(0, 0);
  drawSteps();
  drawVerdict("pending", "Checking …", "Large footage takes about a minute for every 5 GB.");
  if (window.innerWidth <= 820) byId("result-heading").scrollIntoView();
  try {
    const report = await verifyPackage(given, trust, { progress: drawProgress, onStep: drawStep });
    announce(report);
    drawFacts(report);
    keep(report);
  } catch (error) {
    byId("verdict").dataset.verdict = "fault";
    drawVerdict("failed", "This page could not finish", `${String(error)} Nothing is known about the package. Use the command instead.`);
  } finally {
    byId("progress").hidden = true;
    again.disabled = false;
    busy = false;
  }
}

let saved = "";

/** Offer the report as a file, in the form that the command's --json has. @param {Report} report */
function keep(report) {
  if (saved) URL.revokeObjectURL(saved);
  const { keySource, treeSize, firstFailure, unreadable, steps, ...rest } = report;
  const told = {
    ...rest,
    subject: chosen,
    checked: new Date().toISOString(),
    key_source: keySource,
    tree_size: treeSize,
    exit_code: unreadable ? 3 : firstFailure === null ? 0 : 20 + firstFailure,
    steps: steps.map(({ more, kind, ...step }) => ({ ...step, title: titleOf({ ...step, more, kind }), more_findings: more })),
    limits: WORDS.limits,
  };
  saved = URL.createObjectURL(new Blob([JSON.stringify(told, null, 2)], { type: "application/json" }));
  /** @type {HTMLAnchorElement} */ (byId("save")).href = saved;
  byId("keep").hidden = false;
}

byId("again").addEventListener("click", check);
byId("print").addEventListener("click", () => window.print());
byId("limits").append(...WORDS.limits.map((limit) => element("li", "", limit)));
drawSteps();
drawVerdict("pending", "Nothing checked yet", "Put in the keys you trust, then the package. These are the steps:");
readKeys();

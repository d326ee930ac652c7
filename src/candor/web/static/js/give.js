// @ts-check
/** Giving files by a link: chosen, sent one at a time, gone on with after a break, a reload or on another day. */

import { tokenHeaders } from "./site.js";
import { remembering } from "./upload_memory.js";

/** Files up to this size are hashed here too, so that what the server sealed can be compared. */
const HASHED_HERE = 256 * 1024 * 1024;
/** Milliseconds between tries when the connection is lost; after the last one the giver is asked to go on. */
const TRIES = [0, 1000, 3000, 5000, 10_000, 20_000, 30_000];

/** @typedef {"waiting" | "sending" | "paused" | "done" | "failed"} State */
/** @typedef {{file: File, row: HTMLLIElement, state: State, upload: any, began: number, from: number}} Item */

/** tus-js-client, from vendor/tus.min.js. @type {any} */
const tus = /** @type {any} */ (globalThis).tus;
/** @type {Item[]} */
const items = [];
const words = /** @type {HTMLElement} */ (document.getElementById("give-words")).dataset;
const list = /** @type {HTMLUListElement} */ (document.getElementById("queue-list"));
const template = /** @type {HTMLTemplateElement} */ (document.getElementById("queue-item"));
const said = /** @type {HTMLFormElement} */ (document.getElementById("said"));
const input = /** @type {HTMLInputElement} */ (document.getElementById("files"));
const sendButton = /** @type {HTMLButtonElement} */ (document.getElementById("send"));
const pauseButton = /** @type {HTMLButtonElement} */ (document.getElementById("pause"));
const drop = /** @type {HTMLElement} */ (document.getElementById("drop"));
let started = false;
let paused = false;

/** @param {string | undefined} text @param {Record<string, string | number>} values */
const fill = (text, values) => (text ?? "").replace(/\{(\w+)\}/g, (_, name) => String(values[name] ?? ""));

/** @param {number} bytes */
function size(bytes) {
  const units = ["B", "kB", "MB", "GB", "TB"];
  let value = bytes;
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${unit === 0 ? value : value.toPrecision(3)} ${units[unit]}`;
}

/** @param {number} seconds */
function time(seconds) {
  if (!Number.isFinite(seconds)) return "–";
  return seconds < 90 ? fill(words.seconds, { n: Math.ceil(seconds) }) : fill(words.minutes, { n: Math.ceil(seconds / 60) });
}

/** @template {Element} T @param {Item} item @param {string} selector @param {new () => T} kind @returns {T} */
function part(item, selector, kind) {
  const found = item.row.querySelector(selector);
  if (!(found instanceof kind)) throw new Error(`no ${selector}`);
  return found;
}

/** @param {Item} item @param {string} text */
function tell(item, text) {
  part(item, ".queue-words", HTMLElement).textContent = text;
}

// -- choosing

/** @param {File} file */
function add(file) {
  if (items.some((one) => one.file.name === file.name && one.file.size === file.size && one.file.lastModified === file.lastModified)) return;
  const row = /** @type {DocumentFragment} */ (template.content.cloneNode(true)).querySelector("li");
  if (!(row instanceof HTMLLIElement)) return;
  /** @type {Item} */
  const item = { file, row, state: "waiting", upload: null, began: 0, from: 0 };
  part(item, ".queue-name", HTMLElement).textContent = file.name;
  part(item, ".queue-size", HTMLElement).textContent = size(file.size);
  part(item, "progress", HTMLProgressElement).setAttribute("aria-label", fill(words.progressLabel, { name: file.name }));
  part(item, "[data-act=remove]", HTMLElement).setAttribute("aria-label", fill(words.removeLabel, { name: file.name }));
  tell(item, words.waiting ?? "");
  row.addEventListener("click", (event) => {
    const act = event.target instanceof Element ? event.target.closest("[data-act]") : null;
    if (!(act instanceof HTMLElement)) return;
    if (act.dataset.act === "remove") remove(item);
    else again(item);
  });
  items.push(item);
  list.append(row);
  document.getElementById("queue")?.removeAttribute("hidden");
  const problem = file.size === 0 ? words.empty : null;
  if (problem) fail(item, problem, false);
  show();
  if (started) next();
}

/** @param {Item} item */
function remove(item) {
  if (item.state === "sending" || item.state === "done") return;
  // What was begun is given up: the server forgets it, and that it was begun stays on record there.
  if (item.upload) void item.upload.abort(true).catch(() => {});
  items.splice(items.indexOf(item), 1);
  item.row.remove();
  show();
}

// -- sending

const headers = () => ({ ...tokenHeaders(), "X-Candor-Link": words.link ?? "" });

/** @param {Item} item */
async function send(item) {
  item.state = "sending";
  const mine = `candor-give-${words.number}-${item.file.name}-${item.file.size}-${item.file.lastModified}`;
  /** @type {Record<string, string>} */
  const metadata = { filename: item.file.name, modified: String(item.file.lastModified) };
  for (const [name, value] of new FormData(said)) if (typeof value === "string" && value.trim()) metadata[`giver-${name}`] = value;
  const upload = new tus.Upload(item.file, {
    endpoint: "/give/tus",
    headers: headers(),
    metadata,
    retryDelays: TRIES,
    fingerprint: () => Promise.resolve(mine),
    // Not as the library does it, which keeps what the giver said in this browser, in the clear: it may be anybody's.
    urlStorage: remembering(localStorage, `give-${words.number}`, Date.now()),
    removeFingerprintOnSuccess: true,
    onProgress: (/** @type {number} */ sent, /** @type {number} */ all) => progress(item, sent, all),
    onError: (/** @type {any} */ error) => fail(item, wordsOf(error), true),
    onSuccess: () => void arrived(item),
  });
  item.upload = upload;
  item.began = performance.now();
  item.from = -1;
  const before = await upload.findPreviousUploads();
  if (before[0]) {
    upload.resumeFromPreviousUpload(before[0]);
    tell(item, words.found ?? "");
  }
  // It may have been paused while the question was asked.
  if (item.state === "sending") upload.start();
}

/** @param {Item} item @param {number} sent @param {number} all */
function progress(item, sent, all) {
  if (item.state !== "sending") return;
  if (item.from < 0) item.from = sent;
  part(item, "progress", HTMLProgressElement).value = all ? sent / all : 0;
  const rate = (sent - item.from) / ((performance.now() - item.began) / 1000);
  if (sent === all) tell(item, words.sealing ?? "");
  else tell(item, fill(words.sending, { percent: Math.floor((100 * sent) / all), left: time((all - sent) / rate) }));
}

/** What the server said, in its words; otherwise that the connection was lost. @param {any} error */
function wordsOf(error) {
  try {
    const told = JSON.parse(error.originalResponse.getBody());
    if (typeof told.error === "string") return told.error;
  } catch {
    /* no answer, or one of a proxy on the way */
  }
  return words.broken ?? "";
}

/** All bytes are there: wait until they are sealed, or never will be. @param {Item} item */
async function arrived(item) {
  tell(item, words.sealing ?? "");
  for (;;) {
    const answer = await fetch(item.upload.url, { headers: headers() }).catch(() => null);
    const told = await answer?.json().catch(() => null);
    if (told?.state === "done") return sealed(item, told.sha256);
    if (answer && answer.status >= 400 && answer.status < 500 && answer.status !== 423) return fail(item, told?.error ?? words.broken ?? "", true);
    await new Promise((resolve) => setTimeout(resolve, 1000));
  }
}

/** @param {Item} item @param {string} sha256 */
async function sealed(item, sha256) {
  const local = await hashHere(item.file);
  if (local !== null && local !== sha256) {
    fail(item, words.differs ?? "", false);
    return;
  }
  item.state = "done";
  part(item, "progress", HTMLProgressElement).hidden = true;
  part(item, ".queue-icon", HTMLElement).className = "queue-icon done";
  tell(item, (local ? words.matches : words.sealed) ?? "");
  const hash = part(item, ".queue-hash", HTMLElement);
  hash.textContent = sha256;
  hash.hidden = false;
  part(item, "[data-act=remove]", HTMLElement).hidden = true;
  document.getElementById("thanks")?.removeAttribute("hidden");
  next();
}

/** SHA-256 as this device computes it; null where it cannot. @param {File} file */
async function hashHere(file) {
  if (file.size > HASHED_HERE || !globalThis.crypto?.subtle) return null;
  try {
    const digest = await crypto.subtle.digest("SHA-256", await file.arrayBuffer());
    return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  } catch {
    return null;
  }
}

/** @param {Item} item @param {string} why @param {boolean} more whether to offer to go on */
function fail(item, why, more) {
  if (item.state === "paused") return;
  item.state = "failed";
  part(item, ".queue-icon", HTMLElement).className = "queue-icon failed";
  tell(item, why);
  part(item, "[data-act=retry]", HTMLElement).hidden = !more;
  next();
}

/** @param {Item} item */
function again(item) {
  item.state = "waiting";
  part(item, ".queue-icon", HTMLElement).className = "queue-icon waiting";
  part(item, "[data-act=retry]", HTMLElement).hidden = true;
  tell(item, words.waiting ?? "");
  started = true;
  next();
}

/** The next of those that wait, when none is being sent. */
function next() {
  show();
  if (!started || paused || items.some((one) => one.state === "sending")) return;
  const item = items.find((one) => one.state === "waiting");
  if (item) void send(item);
  else if (items.some((one) => one.state === "done") && items.every((one) => one.state === "done")) thank();
  show();
}

function show() {
  const done = items.filter((one) => one.state === "done").length;
  const open = items.filter((one) => one.state !== "done" && one.state !== "failed");
  const bytes = open.reduce((sum, one) => sum + one.file.size, 0);
  const begun = items.some((one) => one.state === "sending" || one.state === "paused");
  let hint = items.length ? fill(words.several, { done, all: items.length }) : "";
  // A first word on the limits; the server has the last.
  if (!begun && !done && items.length > Number(words.leftFiles)) hint = words.tooMany ?? "";
  else if (!begun && !done && bytes > Number(words.leftBytes)) hint = words.tooLarge ?? "";
  const place = document.getElementById("queue-state");
  if (place && place.textContent !== hint) place.textContent = hint;
  sendButton.disabled = started || !items.some((one) => one.state === "waiting");
  pauseButton.hidden = !begun;
  for (const one of items) part(one, "[data-act=remove]", HTMLElement).hidden = one.state === "sending" || one.state === "done";
}

function thank() {
  started = false;
  document.getElementById("unfinished")?.setAttribute("hidden", "");
  document.getElementById("thanks")?.focus();
  show();
}

sendButton.addEventListener("click", () => {
  started = true;
  next();
});

pauseButton.addEventListener("click", () => {
  paused = !paused;
  pauseButton.lastChild?.replaceWith((paused ? words.resume : words.pause) ?? "");
  for (const one of items) {
    if (paused && one.state === "sending" && part(one, "progress", HTMLProgressElement).value < 1) {
      one.state = "paused";
      void one.upload?.abort();
      tell(one, words.paused ?? "");
    } else if (!paused && one.state === "paused") {
      one.state = "waiting";
    }
  }
  next();
});

input.addEventListener("change", () => {
  for (const file of input.files ?? []) add(file);
  input.value = "";
});

for (const name of ["dragenter", "dragover"]) {
  document.addEventListener(name, (event) => {
    event.preventDefault();
    drop.classList.add("is-over");
  });
}
document.addEventListener("dragleave", (event) => {
  if (event.relatedTarget === null) drop.classList.remove("is-over");
});
document.addEventListener("drop", (event) => {
  event.preventDefault();
  drop.classList.remove("is-over");
  for (const file of event.dataTransfer?.files ?? []) add(file);
});

// A phone that comes back from a tunnel goes on by itself.
window.addEventListener("online", () => {
  for (const one of items) if (one.state === "failed" && one.upload && !part(one, "[data-act=retry]", HTMLElement).hidden) again(one);
});
said.addEventListener("submit", (event) => event.preventDefault());
window.addEventListener("beforeunload", (event) => {
  if (items.some((one) => one.state === "sending")) event.preventDefault();
});

// @ts-check
/**
 * Taking in files: a queue, two at a time, each a resumable upload (tus 1.0, by tus-js-client). What breaks off goes on
 * by itself; after a reload the same file, chosen again with the same claims, goes on where it was.
 */

import { tokenHeaders } from "./site.js";
import { remembering } from "./upload_memory.js";

const AT_ONCE = 2;
/** Files up to this size are hashed here too, so that what the server sealed can be compared. */
const HASHED_HERE = 256 * 1024 * 1024;
/** Files that computers leave on cards; nobody recorded them. */
const NOT_FOOTAGE = /^(\.DS_Store|\._.*|Thumbs\.db|desktop\.ini|IndexerVolumeGuid|WPSettings\.dat)$/;

/** @typedef {{file: File, path: string, row: HTMLLIElement, upload: any, state: "waiting" | "sending" | "paused" | "done" | "failed" | "cancelled", local: Promise<string | null> | null, ending: Promise<void> | null}} Item */

const ADDRESS = "/upload/tus";
/** Milliseconds before each further try; a server that is started again is back within these. */
const RETRIES = [0, 1000, 2000, 4000, 8000, 15000, 30000, 60000, 60000, 60000];
/** Milliseconds between two questions whether a file is sealed. */
const ASKED_EVERY = 1000;

/** tus-js-client, loaded before this script. @type {any} */
const tus = /** @type {any} */ (globalThis).tus;

/** @type {Item[]} */
const items = [];
const words = /** @type {HTMLElement} */ (document.getElementById("upload-words")).dataset;
const list = /** @type {HTMLUListElement} */ (document.getElementById("queue-list"));
const template = /** @type {HTMLTemplateElement} */ (document.getElementById("queue-item"));
const claims = /** @type {HTMLFormElement} */ (document.getElementById("claims"));
const drop = /** @type {HTMLElement} */ (document.getElementById("drop"));

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

/** Control and direction marks written out: a file name must not look like another. @param {string} name */
const visible = (name) =>
  name.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (sign) => `\\u${(sign.codePointAt(0) ?? 0).toString(16).padStart(4, "0")}`);

/** @template {Element} T @param {Item} item @param {string} selector @param {new () => T} kind @returns {T} */
function part(item, selector, kind) {
  const found = item.row.querySelector(selector);
  if (!(found instanceof kind)) throw new Error(`no ${selector}`);
  return found;
}

/** @param {File} file @param {string} path */
function add(file, path) {
  if (NOT_FOOTAGE.test(file.name)) return;
  const row = template.content.cloneNode(true);
  const element = row instanceof DocumentFragment ? row.querySelector("li") : null;
  if (!(element instanceof HTMLLIElement)) return;
  /** @type {Item} */
  const item = { file, path, row: element, upload: null, state: "waiting", local: null, ending: null };
  part(item, ".queue-name", HTMLElement).textContent = visible(path);
  part(item, ".queue-size", HTMLElement).textContent = size(file.size);
  tell(item, words.waiting ?? "");
  showActs(item);
  element.addEventListener("click", (event) => {
    const act = event.target instanceof Element ? event.target.closest("[data-act]") : null;
    if (act instanceof HTMLElement && act.dataset.act === "cancel") cancel(item);
    if (act instanceof HTMLElement && act.dataset.act === "pause") pause(item);
    if (act instanceof HTMLElement && (act.dataset.act === "retry" || act.dataset.act === "go-on")) again(item);
  });
  items.push(item);
  list.append(element);
  document.getElementById("queue")?.removeAttribute("hidden");
  next();
}

/** @param {Item} item @param {string} text */
function tell(item, text) {
  part(item, ".queue-words", HTMLElement).textContent = text;
}

function next() {
  showState();
  while (items.filter((item) => item.state === "sending").length < AT_ONCE) {
    const item = items.find((one) => one.state === "waiting");
    if (!item) return;
    send(item);
  }
}

function showState() {
  const place = document.getElementById("queue-state");
  const done = items.filter((item) => item.state === "done").length;
  const failed = items.filter((item) => item.state === "failed").length;
  if (place) place.textContent = fill(failed ? words.failed : words.all, { done, failed, all: items.length });
}

/** @param {Item} item */
function send(item) {
  item.state = "sending";
  showActs(item);
  /** @type {Record<string, string>} */
  const said = { name: item.file.name, source: item.path, modified: String(item.file.lastModified) };
  for (const [name, value] of new FormData(claims)) if (typeof value === "string" && value) said[name] = value;
  item.local ??= hashHere(item.file);
  let began = 0;
  let first = 0;
  const upload = new tus.Upload(item.file, {
    endpoint: ADDRESS,
    metadata: said,
    retryDelays: RETRIES,
    fingerprint: async () => fingerprint(item.file, said),
    urlStorage: remembering(localStorage, claims.dataset.account ?? "", Date.now()),
    removeFingerprintOnSuccess: true,
    onBeforeRequest: (/** @type {any} */ request) => {
      for (const [name, value] of Object.entries(tokenHeaders())) request.setHeader(name, value);
    },
    onShouldRetry: (/** @type {any} */ error) => {
      const status = error.originalResponse?.getStatus() ?? 0;
      if (item.state === "sending") tell(item, words.retrying ?? "");
      return status === 0 || status === 408 || status === 409 || status === 423 || status >= 500;
    },
    onProgress: (/** @type {number} */ sent, /** @type {number} */ all) => {
      if (item.state !== "sending") return;
      if (!began) [began, first] = [performance.now(), sent];
      part(item, "progress", HTMLProgressElement).value = all ? sent / all : 0;
      const rate = (sent - first) / ((performance.now() - began) / 1000) || 0;
      const left = time((all - sent) / rate);
      if (sent < all) tell(item, fill(words.sending, { percent: Math.floor((sent / all) * 100), rate: size(rate), left }));
      else sealing(item);
    },
    onSuccess: () => void ask(item, upload.url),
    onError: (/** @type {any} */ error) => broke(item, error),
  });
  item.upload = upload;
  // One that was given up a moment ago is gone there before it is begun anew: else that would be gone on with.
  const free = Promise.resolve(item.ending).then(() => upload.findPreviousUploads());
  free.then((/** @type {any[]} */ before) => {
    if (item.upload !== upload || item.state !== "sending") return;
    if (before[0]) upload.resumeFromPreviousUpload(before[0]);
    upload.start();
  });
}

/** What makes a file the same one after a reload: the file, and all that is claimed of it. @param {File} file @param {Record<string, string>} said */
const fingerprint = (file, said) => JSON.stringify([file.size, file.lastModified, file.type, Object.entries(said).sort()]);

/** @param {Item} item */
function sealing(item) {
  part(item, "progress", HTMLProgressElement).removeAttribute("value");
  tell(item, words.sealing ?? "");
}

/** All of it is there: ask what became of it until it is sealed. @param {Item} item @param {string} address */
async function ask(item, address) {
  sealing(item);
  let misses = 0;
  while (item.state === "sending") {
    const answer = await fetch(address, { headers: tokenHeaders() }).catch(() => null);
    if (answer?.status === 401) return signIn();
    const told = await answer?.json().catch(() => null);
    if (told?.state === "done") return void (await finish(item, told));
    if (answer && answer.status >= 400 && answer.status < 500 && answer.status !== 423) return fail(item, told?.error ?? words.broken ?? "");
    if (told?.problem) tell(item, told.problem);
    misses = told?.state ? 0 : misses + 1;
    if (misses > 60) return fail(item, words.broken ?? "");
    await new Promise((resolve) => setTimeout(resolve, ASKED_EVERY));
  }
}

/** @param {Item} item @param {any} error */
function broke(item, error) {
  const answer = error.originalResponse;
  if (answer?.getStatus() === 401) return signIn();
  let words_of_server = "";
  try {
    words_of_server = JSON.parse(answer?.getBody() ?? "").error;
  } catch {
    /* no words of the server's */
  }
  fail(item, words_of_server || (words.broken ?? ""));
}

function signIn() {
  location.assign("/sign-in?next=/upload");
}

/** SHA-256 as this browser computes it; null where it cannot. @param {File} file */
async function hashHere(file) {
  if (file.size > HASHED_HERE || !globalThis.crypto?.subtle) return null;
  try {
    const digest = await crypto.subtle.digest("SHA-256", await file.arrayBuffer());
    return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  } catch {
    return null;
  }
}

/** @param {Item} item @param {any} told */
async function finish(item, told) {
  const local = await item.local;
  if (local !== null && local !== told.sha256) {
    fail(item, words.differs ?? "");
    return;
  }
  item.state = "done";
  const progress = part(item, "progress", HTMLProgressElement);
  progress.value = 1;
  progress.hidden = true;
  part(item, ".queue-icon", HTMLElement).className = "queue-icon done";
  tell(item, (told.new ? (local ? words.matches : words.sealed) : words.known) ?? "");
  const hash = part(item, ".queue-hash", HTMLElement);
  hash.textContent = told.sha256;
  hash.hidden = false;
  showActs(item);
  const open = part(item, "[data-act=open]", HTMLAnchorElement);
  // Bytes that were known already may be in a recording that this account may not see.
  if (told.link) open.href = told.link;
  open.hidden = !told.link;
  showFlags(item, told.flags ?? []);
  next();
}

/** @param {Item} item @param {{flag: string, words: string}[]} flags */
function showFlags(item, flags) {
  if (!flags.length) return;
  const place = document.createElement("ul");
  place.className = "queue-flags";
  for (const flag of flags) {
    const line = document.createElement("li");
    line.textContent = flag.words;
    place.append(line);
  }
  part(item, ".queue-main", HTMLElement).append(place);
}

/** Which buttons a file has. @param {Item} item */
function showActs(item) {
  const shown = {
    cancel: ["waiting", "sending", "paused"],
    pause: ["sending"],
    "go-on": ["paused"],
    retry: ["failed", "cancelled"],
  };
  for (const [act, states] of Object.entries(shown)) part(item, `[data-act=${act}]`, HTMLElement).hidden = !states.includes(item.state);
}

/** @param {Item} item @param {string} why */
function fail(item, why) {
  if (item.state === "cancelled" || item.state === "paused") return;
  item.state = "failed";
  part(item, ".queue-icon", HTMLElement).className = "queue-icon failed";
  part(item, "progress", HTMLProgressElement).value = 0;
  tell(item, why);
  showActs(item);
  next();
}

/** @param {Item} item */
function pause(item) {
  item.state = "paused";
  void item.upload?.abort();
  tell(item, words.paused ?? "");
  showActs(item);
  next();
}

/** @param {Item} item */
function cancel(item) {
  item.state = "cancelled";
  // With true the server is told, and keeps nothing. Where it cannot be told, what it has expires there.
  item.ending = item.upload?.abort(true)?.catch(() => undefined) ?? null;
  part(item, "progress", HTMLProgressElement).value = 0;
  tell(item, words.cancelled ?? "");
  showActs(item);
  next();
}

/** @param {Item} item */
function again(item) {
  item.state = "waiting";
  part(item, ".queue-icon", HTMLElement).className = "queue-icon waiting";
  tell(item, words.waiting ?? "");
  showActs(item);
  next();
}

/** Files of a dropped folder, however deep. @param {FileSystemEntry} entry @param {string} path */
async function walk(entry, path) {
  if (entry.isFile) {
    const file = await new Promise((resolve, reject) => /** @type {FileSystemFileEntry} */ (entry).file(resolve, reject));
    add(file, path + entry.name);
    return;
  }
  const reader = /** @type {FileSystemDirectoryEntry} */ (entry).createReader();
  for (;;) {
    /** @type {FileSystemEntry[]} */
    const some = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
    if (!some.length) return;
    for (const one of some) await walk(one, `${path}${entry.name}/`);
  }
}

for (const id of ["files", "folder"]) {
  const input = /** @type {HTMLInputElement} */ (document.getElementById(id));
  input.addEventListener("change", () => {
    for (const file of input.files ?? []) add(file, file.webkitRelativePath || file.name);
    input.value = "";
  });
}

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
  const data = event.dataTransfer;
  if (!data) return;
  const entries = [...data.items].map((one) => one.webkitGetAsEntry?.()).filter((entry) => entry !== null && entry !== undefined);
  if (entries.length) for (const entry of entries) void walk(entry, "");
  else for (const file of data.files) add(file, file.name);
});

claims.addEventListener("submit", (event) => event.preventDefault());
window.addEventListener("beforeunload", (event) => {
  if (items.some((item) => item.state === "sending" || item.state === "waiting")) event.preventDefault();
});

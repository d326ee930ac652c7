// @ts-check
/** Taking in files: a queue, two at a time, each one PUT with the file as its body. */

import { tokenHeaders } from "./site.js";

const AT_ONCE = 2;
/** Files up to this size are hashed here too, so that what the server sealed can be compared. */
const HASHED_HERE = 256 * 1024 * 1024;
/** Files that computers leave on cards; nobody recorded them. */
const NOT_FOOTAGE = /^(\.DS_Store|\._.*|Thumbs\.db|desktop\.ini|IndexerVolumeGuid|WPSettings\.dat)$/;

/** @typedef {{file: File, path: string, row: HTMLLIElement, request: XMLHttpRequest | null, state: "waiting" | "sending" | "done" | "failed" | "cancelled", local: Promise<string | null> | null}} Item */

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
  const item = { file, path, row: element, request: null, state: "waiting", local: null };
  part(item, ".queue-name", HTMLElement).textContent = visible(path);
  part(item, ".queue-size", HTMLElement).textContent = size(file.size);
  tell(item, words.waiting ?? "");
  element.addEventListener("click", (event) => {
    const act = event.target instanceof Element ? event.target.closest("[data-act]") : null;
    if (act instanceof HTMLElement && act.dataset.act === "cancel") cancel(item);
    if (act instanceof HTMLElement && act.dataset.act === "retry") again(item);
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
  const given = new FormData(claims);
  const query = new URLSearchParams({ name: item.file.name, source: item.path, modified: String(item.file.lastModified) });
  for (const [name, value] of given) if (typeof value === "string" && value) query.set(name, value);
  const request = new XMLHttpRequest();
  item.request = request;
  item.local = hashHere(item.file);
  const began = performance.now();
  request.upload.addEventListener("progress", (event) => {
    const share = event.lengthComputable && event.total ? event.loaded / event.total : 0;
    part(item, "progress", HTMLProgressElement).value = share;
    const rate = event.loaded / ((performance.now() - began) / 1000);
    const left = time((event.total - event.loaded) / rate);
    tell(item, fill(words.sending, { percent: Math.floor(share * 100), rate: size(rate), left }));
  });
  request.upload.addEventListener("load", () => {
    part(item, "progress", HTMLProgressElement).removeAttribute("value");
    tell(item, words.sealing ?? "");
  });
  request.addEventListener("load", () => void finish(item, request));
  request.addEventListener("error", () => fail(item, words.broken ?? ""));
  request.open("PUT", `/upload/file?${query}`);
  for (const [name, value] of Object.entries(tokenHeaders())) request.setRequestHeader(name, value);
  request.setRequestHeader("Content-Type", "application/octet-stream");
  request.send(item.file);
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

/** @param {Item} item @param {XMLHttpRequest} request */
async function finish(item, request) {
  /** @type {any} */
  let told = null;
  try {
    told = JSON.parse(request.responseText);
  } catch {
    /* an answer that is no JSON is a failure, told below */
  }
  if (request.status === 401) {
    location.assign("/sign-in?next=/upload");
    return;
  }
  if (request.status >= 300 || !told?.sha256) {
    fail(item, told?.error ?? words.broken ?? "");
    return;
  }
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
  part(item, "[data-act=cancel]", HTMLElement).hidden = true;
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

/** @param {Item} item @param {string} why */
function fail(item, why) {
  if (item.state === "cancelled") return;
  item.state = "failed";
  part(item, ".queue-icon", HTMLElement).className = "queue-icon failed";
  part(item, "progress", HTMLProgressElement).value = 0;
  tell(item, why);
  part(item, "[data-act=cancel]", HTMLElement).hidden = true;
  part(item, "[data-act=retry]", HTMLElement).hidden = false;
  next();
}

/** @param {Item} item */
function cancel(item) {
  item.state = "cancelled";
  item.request?.abort();
  part(item, "progress", HTMLProgressElement).value = 0;
  tell(item, words.cancelled ?? "");
  part(item, "[data-act=cancel]", HTMLElement).hidden = true;
  part(item, "[data-act=retry]", HTMLElement).hidden = false;
  next();
}

/** @param {Item} item */
function again(item) {
  item.state = "waiting";
  part(item, ".queue-icon", HTMLElement).className = "queue-icon waiting";
  part(item, "[data-act=cancel]", HTMLElement).hidden = false;
  part(item, "[data-act=retry]", HTMLElement).hidden = true;
  tell(item, words.waiting ?? "");
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

// @ts-check
/**
 * Whether a file is one that was released here. It is read in the browser; the server is asked for all files whose
 * SHA-256 begins with the same two digits, so that it does not learn which one it is.
 * @module
 */

import { withoutCredentials } from "../../../verify/web/credentials.js";
import { Sha256, VerifyError, hex } from "../../../verify/web/tlog.js";

/** @typedef {{sha256: string, kind: string, without_credentials: boolean, published_at: string, recalled_at: string | null, release: string | null, name: string | null}} Known */

const PIECE = 4 * 1024 * 1024;
const said = /** @type {HTMLElement} */ (document.getElementById("known"));
const words = /** @type {HTMLElement} */ (document.getElementById("known-words")).dataset;
const packageResult = /** @type {HTMLElement} */ (document.getElementById("package-result"));
let turn = 0;

/** @param {string} name @param {Record<string, string>} [fields] */
function word(name, fields = {}) {
  return (words[name] ?? "").replace(/\{(\w+)\}/g, (_, field) => fields[field] ?? "");
}

/** @param {string} tag @param {string} className @param {...(Node | string)} children */
function element(tag, className, ...children) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  made.append(...children);
  return made;
}

/** @param {"pending" | "passed" | "warning" | "failed"} kind @param {string} line @param {...(Node | string)} more */
function tell(kind, line, ...more) {
  said.hidden = false;
  said.className = `verdict ${kind}`;
  said.dataset.known = kind;
  said.replaceChildren(element("strong", "", line), ...more.map((one) => element("p", "", one)));
}

/** @param {Blob} file @param {number} mine @returns {Promise<string>} */
async function digestOf(file, mine) {
  const whole = new Sha256();
  for (let at = 0; at < file.size && mine === turn; at += PIECE) {
    whole.update(new Uint8Array(await file.slice(at, at + PIECE).arrayBuffer()));
    const progress = word("progress", { done: (at / 1e6).toFixed(0), all: (file.size / 1e6).toFixed(0) });
    tell("pending", word("reading", { name: file instanceof File ? file.name : "" }), progress);
  }
  return hex(whole.digest());
}

/** The digest of the file without its content credentials; null where it has none. @param {Blob} file @returns {Promise<string | null>} */
async function bareDigestOf(file) {
  try {
    const whole = new Sha256();
    for await (const piece of withoutCredentials(file)) whole.update(piece);
    return hex(whole.digest());
  } catch (error) {
    if (error instanceof VerifyError) return null;
    throw error;
  }
}

/** @param {string} digest @returns {Promise<Known | null>} */
async function find(digest) {
  const answer = await fetch(`/files/index/${digest.slice(0, 2)}.json`);
  if (!answer.ok) throw new TypeError(String(answer.status));
  /** @type {{files: Known[]}} */
  const { files } = await answer.json();
  const found = files.filter((one) => one.sha256 === digest);
  // What stands counts before what was recalled, what everybody may see before what one person got.
  found.sort((a, b) => Number(a.recalled_at !== null) - Number(b.recalled_at !== null) || Number(a.release === null) - Number(b.release === null));
  return found[0] ?? null;
}

/** The day of a moment in the agency's zone, as every page here shows it; in UTC, and saying so, where this browser does not know the zone. @param {string} moment */
function date(moment) {
  try {
    const parts = new Intl.DateTimeFormat("en-US", { timeZone: words.zone || "UTC", year: "numeric", month: "2-digit", day: "2-digit" }).formatToParts(new Date(moment));
    const part = (/** @type {string} */ type) => parts.find((one) => one.type === type)?.value ?? "";
    return `${part("year")}-${part("month")}-${part("day")}`;
  } catch (error) {
    if (error instanceof RangeError) return `${moment.slice(0, 10)} (UTC)`;
    throw error;
  }
}

/** @param {Known} known @param {string} digest @param {boolean} stripped Whether credentials had to be taken out first. */
function tellOf(known, digest, stripped) {
  const print = element("span", "hash", `${word("hash")} ${digest}`);
  /** @type {(Node | string)[]} */
  const more = [word("on", { date: date(known.published_at) })];
  if (known.release) {
    const link = /** @type {HTMLAnchorElement} */ (element("a", "", word("page")));
    link.href = `/releases/${encodeURIComponent(known.release)}`;
    more.push(link);
  } else {
    more.push(word("private"));
  }
  if (known.recalled_at) {
    tell("failed", word("recalled"), word("recalledOn", { date: date(known.recalled_at) }), ...more, print);
  } else if (stripped) {
    tell("warning", word("stripped"), ...more, print);
  } else if (known.without_credentials) {
    tell("passed", word("bare"), ...more, print);
  } else {
    tell("passed", word("released"), known.kind === "package" ? word("package") : word("same"), ...more, print);
  }
}

/** @param {Blob} file @param {boolean} isPackage */
async function look(file, isPackage) {
  const mine = ++turn;
  packageResult.hidden = !isPackage;
  tell("pending", word("reading", { name: file instanceof File ? file.name : "" }));
  try {
    const digest = await digestOf(file, mine);
    if (mine !== turn) return;
    const known = await find(digest);
    if (known) return tellOf(known, digest, false);
    if (isPackage) {
      said.hidden = true; // what is in it counts, and that is checked beside
      return;
    }
    const bare = await bareDigestOf(file);
    const same = bare && bare !== digest ? await find(bare) : null;
    if (mine !== turn) return;
    if (same) return tellOf(same, digest, true);
    tell("warning", word("unknown"), word("unknownMore"), element("span", "hash", `${word("hash")} ${digest}`));
  } catch (error) {
    if (mine === turn) tell("failed", word(error instanceof TypeError ? "failed" : "unreadable"));
  }
}

/** @param {{name: string}} file */
function looksLikePackage({ name }) {
  return /\.zip$/i.test(name);
}

document.addEventListener("candor-file", (event) => {
  const { file, name } = /** @type {CustomEvent<{file: Blob, name: string}>} */ (event).detail;
  const isPackage = looksLikePackage({ name });
  if (!isPackage) event.preventDefault();
  void look(file, isPackage);
});

document.getElementById("file")?.addEventListener("change", (event) => {
  const input = /** @type {HTMLInputElement} */ (event.target);
  const file = input.files?.[0];
  input.value = "";
  if (file) {
    const chosen = document.getElementById("chosen");
    if (chosen) chosen.textContent = file.name;
    void look(file, false);
  }
});
document.getElementById("folder")?.addEventListener("change", () => {
  turn += 1;
  said.hidden = true;
  packageResult.hidden = false;
});

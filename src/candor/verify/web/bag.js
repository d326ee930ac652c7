// @ts-check
/**
 * A BagIt bag as files that the browser handed over. The rules are those of `bag.py`: a name that could be read in
 * two ways makes the whole bag unsafe, nothing is read whole but small texts, and a file is digested once.
 * @module
 */

import { VerifyError, decoded, digestBlob, shown } from "./tlog.js";

/** @typedef {import("./tlog.js").Digests} Digests */

/** Cannot be read as a package at all. */
export class UnreadableBag extends VerifyError {}
/** Can be read, but holds something that no honest package holds. */
export class UnsafeBag extends VerifyError {}

export const MAX_FILES = 100_000;
export const MAX_TEXT = 64 * 1024 * 1024;
const MAX_DEPTH = 16;
const LEFT_BY_THE_COMPUTER = new Set([".DS_Store", "Thumbs.db", "desktop.ini"]);
const RESERVED = /^(con|prn|aux|nul|com[0-9]|lpt[0-9])(\.|$)/i;

/** @param {string} name */
export function quoted(name) {
  return `“${shown(name.length > 70 ? `${name.slice(0, 40)}…${name.slice(-25)}` : name)}”`;
}

/** Why a path may not stand in a bag, or null when it may. @param {string} name @returns {string | null} */
export function nameFault(name) {
  if (!name || name.startsWith("/")) return "it is empty or absolute";
  if (/[\\:]/.test(name)) return "it holds a backslash or a colon";
  if (name.includes("%")) return "it holds a percent sign";
  if (new TextEncoder().encode(name).length > 1024) return "it is longer than 1,024 bytes";
  if (/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u.test(name)) return "it holds an invisible or direction-changing character";
  const parts = name.split("/");
  if (parts.length > MAX_DEPTH) return `it is more than ${MAX_DEPTH} folders deep`;
  for (const part of parts) {
    if (part === "" || part === "." || part === "..") return "a part of it is empty, '.' or '..'";
    if (/[ .]$/.test(part) || RESERVED.test(part)) return "Windows would read it as another name";
  }
  return null;
}

/** Names with the same key are one file on a disk that ignores case or Unicode form. @param {string} name */
export function clashKey(name) {
  return name.normalize("NFC").toUpperCase().toLowerCase().normalize("NFC");
}

/** Throw UnsafeBag for a name that may not stand in a bag, stands twice, or clashes. @param {Iterable<string>} names */
export function checkNames(names) {
  const files = new Set();
  /** @type {Map<string, string>} */
  const spelled = new Map();
  for (const name of names) {
    const fault = nameFault(name);
    if (fault !== null) throw new UnsafeBag(`The name ${quoted(name)} may not stand in a package: ${fault}.`);
    if (files.has(name)) throw new UnsafeBag(`The name ${quoted(name)} stands in it twice.`);
    files.add(name);
    const parts = name.split("/");
    for (let depth = 1; depth <= parts.length; depth++) {
      const path = parts.slice(0, depth).join("/");
      const key = clashKey(path);
      const other = spelled.get(key) ?? path;
      spelled.set(key, other);
      if (other !== path) throw new UnsafeBag(`The names ${quoted(other)} and ${quoted(path)} clash on some computers.`);
    }
  }
  for (const name of files) {
    const parts = name.split("/");
    for (let depth = 1; depth < parts.length; depth++) {
      const path = parts.slice(0, depth).join("/");
      if (files.has(path)) throw new UnsafeBag(`${quoted(path)} is both a file and a folder.`);
    }
  }
}

/** Files by name, each a Blob; what was digested is remembered. */
export class Bag {
  /** @param {Map<string, Blob>} files Paths relative to the bag. */
  constructor(files) {
    if (files.size > MAX_FILES) throw new UnsafeBag(`It holds more than ${MAX_FILES} files.`);
    /** @type {Map<string, Blob>} */
    this.files = new Map();
    /** @type {string[]} */
    this.leftBehind = [];
    /** @type {Map<string, Digests>} */
    this.known = new Map();
    checkNames([...files.keys()].sort());
    for (const [name, blob] of files) {
      if (LEFT_BY_THE_COMPUTER.has(name.slice(name.lastIndexOf("/") + 1))) this.leftBehind.push(name);
      else this.files.set(name, blob);
    }
  }

  get names() {
    return [...this.files.keys()].sort();
  }

  /** @param {string} name */
  has(name) {
    return this.files.has(name);
  }

  /** @param {string} name */
  size(name) {
    return this.files.get(name)?.size ?? 0;
  }

  /** The file itself, to be read in pieces. @param {string} name */
  blob(name) {
    const blob = this.files.get(name);
    if (!blob) throw new UnreadableBag(`The file ${quoted(name)} is missing.`);
    return blob;
  }

  /** @param {string} name @param {number} [ceiling] */
  async read(name, ceiling = MAX_TEXT) {
    const blob = this.files.get(name);
    if (!blob) throw new UnreadableBag(`The file ${quoted(name)} is missing.`);
    if (blob.size > ceiling) throw new UnreadableBag(`${quoted(name)} is larger than ${ceiling} bytes.`);
    try {
      return new Uint8Array(await blob.arrayBuffer());
    } catch {
      throw new UnreadableBag(`${quoted(name)} cannot be read.`);
    }
  }

  /** @param {string} name @param {number} [ceiling] */
  async text(name, ceiling = MAX_TEXT) {
    return decoded(await this.read(name, ceiling), quoted(name));
  }

  /** @param {string} name @param {(bytes: number) => void} [progress] */
  async digests(name, progress) {
    const known = this.known.get(name);
    if (known) return known;
    const blob = this.files.get(name);
    if (!blob) throw new UnreadableBag(`The file ${quoted(name)} is missing.`);
    let found;
    try {
      found = await digestBlob(blob, progress);
    } catch (error) {
      throw error instanceof VerifyError ? error : new UnreadableBag(`${quoted(name)} cannot be read.`);
    }
    this.known.set(name, found);
    return found;
  }
}

/**
 * A bag out of files with paths, as a folder input or a drop gives them. A common top folder is taken off.
 * @param {Iterable<[string, Blob]>} files
 */
export function folderBag(files) {
  const list = [...files];
  if (list.length > MAX_FILES) throw new UnsafeBag(`It holds more than ${MAX_FILES} files.`);
  const names = list.map(([name]) => name);
  const top = names[0]?.split("/")[0] ?? "";
  const below = names.every((name) => name.startsWith(`${top}/`)) && !names.includes("bagit.txt");
  /** @type {Map<string, Blob>} */
  const found = new Map();
  for (const [name, blob] of list) {
    const path = below ? name.slice(top.length + 1) : name;
    if (found.has(path)) throw new UnsafeBag(`The name ${quoted(path)} stands in it twice.`);
    found.set(path, blob);
  }
  if (!found.size) throw new UnreadableBag("The folder is empty.");
  return new Bag(found);
}

/** @param {string} text @param {string} name @returns {Map<string, string>} Path → digest. */
export function parseManifest(text, name) {
  if (!text.endsWith("\n") || text.includes("\r")) throw new UnsafeBag(`${quoted(name)} does not end its lines as it should.`);
  const digests = new Map();
  text.slice(0, -1).split("\n").forEach((line, at) => {
    const match = /^([0-9a-f]{64}) {2}(\S.*)$/u.exec(line);
    if (!match) throw new UnsafeBag(`Line ${at + 1} of ${quoted(name)} is not a digest and a file's name.`);
    const [, digest = "", path = ""] = match;
    const fault = nameFault(path);
    if (fault !== null) throw new UnsafeBag(`Line ${at + 1} of ${quoted(name)} names ${quoted(path)}: ${fault}.`);
    if (digests.has(path)) throw new UnsafeBag(`${quoted(name)} names ${quoted(path)} twice.`);
    digests.set(path, digest);
  });
  return digests;
}

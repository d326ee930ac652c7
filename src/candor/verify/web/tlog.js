// @ts-check
/**
 * The custody log's formats and checks for a browser or Node: nothing but WebCrypto and this file.
 *
 * Rules kept here, the same as in the Python package this file lies in:
 * 1. Text from outside is hostile: a parser takes exactly what the format allows, once spelled, bounded in size.
 * 2. A check returns what it has shown, or throws VerifyError with words for people.
 * 3. Keys come from the caller, never out of the material that is checked.
 *
 * Formats: RFC 6962 / RFC 9162 (tree, proofs), C2SP signed-note, tlog-checkpoint, tlog-cosignature, tlog-proof,
 * tlog-policy; Candor's public leaf. Hashes are Uint8Array of 32 bytes; sizes and indexes are whole numbers.
 * @module
 */

/** @typedef {Uint8Array<ArrayBuffer>} Bytes */
/** @typedef {{name: string, id: string, type: number, key: Bytes, text: string}} Vkey */
/** @typedef {{name: string, id: string, blob: Bytes}} Signature */
/** @typedef {{text: string, signatures: Signature[]}} Note */
/** @typedef {{origin: string, size: number, root: Bytes, note: Note}} Checkpoint */
/** @typedef {{extra: Bytes | null, index: number, hashes: Bytes[], checkpoint: string}} Proof */
/** @typedef {{name: string, need: number, members: string[]}} Group */
/** @typedef {{logs: Vkey[], witnesses: Map<string, Vkey>, groups: Map<string, Group>, quorum: string | null}} Policy */
/** @typedef {{size: number, sha256: string, chunkRoot: string}} Digests */

/** What could not be verified, in words for people. */
export class VerifyError extends Error {}

export const CHUNK_SIZE = 1024 * 1024;
export const MAX_NOTE = 1_000_000;
const MAX_SIGNATURES = 100;
const ED25519 = 0x01;
const COSIGNATURE = 0x04;
const ML_DSA_44 = 0x06;

// ---------------------------------------------------------------- bytes and text

const encoder = new TextEncoder();

/** @param {string} text @returns {Bytes} */
export function utf8(text) {
  return encoder.encode(text);
}

/** Strict UTF-8, a byte-order mark kept as a character. @param {Uint8Array} bytes @param {string} what */
export function decoded(bytes, what) {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new VerifyError(`${what} is not UTF-8 text.`);
  }
}

/** @param {...Uint8Array} parts @returns {Bytes} */
export function joined(...parts) {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/** @param {Uint8Array} bytes */
export function hex(bytes) {
  let text = "";
  for (const byte of bytes) text += byte.toString(16).padStart(2, "0");
  return text;
}

/** Lower-case hexadecimal of exactly `size` bytes. @param {unknown} text @param {number} size @param {string} what */
export function fromHex(text, size, what) {
  if (typeof text !== "string" || text.length !== 2 * size || !/^[0-9a-f]*$/.test(text)) {
    throw new VerifyError(`${what} is not ${size} bytes in lower-case hexadecimal.`);
  }
  const bytes = new Uint8Array(size);
  for (let i = 0; i < size; i++) bytes[i] = parseInt(text.slice(2 * i, 2 * i + 2), 16);
  return bytes;
}

/** RFC 4648 base64 with padding, in its one spelling. @param {string} text @param {string} what @returns {Bytes} */
export function fromBase64(text, what) {
  let binary;
  try {
    if (!/^[A-Za-z0-9+/]*={0,2}$/.test(text)) throw new Error();
    binary = atob(text);
    if (btoa(binary) !== text) throw new Error();
  } catch {
    throw new VerifyError(`${what} is not base64.`);
  }
  const bytes = new Uint8Array(binary.length);
  for (let i = 0; i < binary.length; i++) bytes[i] = binary.charCodeAt(i);
  return bytes;
}

/** @param {Uint8Array} bytes */
export function base64(bytes) {
  let binary = "";
  for (let at = 0; at < bytes.length; at += 0x8000) {
    binary += String.fromCharCode(...bytes.subarray(at, at + 0x8000));
  }
  return btoa(binary);
}

/** A count in its one decimal spelling: "007", "+7" and "٧" are refused. @param {string} text @param {string} what */
export function decimal(text, what) {
  const value = Number(text);
  if (!/^(0|[1-9][0-9]{0,15})$/.test(text) || !Number.isSafeInteger(value)) {
    throw new VerifyError(`${what} is not a whole number in its plain spelling.`);
  }
  return value;
}

/** @param {Uint8Array} a @param {Uint8Array} b */
export function same(a, b) {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}

/** Text for a page: bounded, and with everything that could turn or hide characters spelled out. @param {unknown} text */
export function shown(text) {
  const given = typeof text === "object" && text !== null ? JSON.stringify(text) : String(text);
  const cut = [...given].slice(0, 160);
  const safe = cut.map((c) =>
    /[\p{C}\p{Zl}\p{Zp}]/u.test(c) ? `\\u{${(c.codePointAt(0) ?? 0).toString(16)}}` : c,
  );
  return safe.join("") + (cut.length < [...given].length ? "…" : "");
}

// ---------------------------------------------------------------- JSON in its one spelling

/** @param {string} a @param {string} b Order of code points, as Python sorts. */
function byCodePoint(a, b) {
  const left = [...a];
  const right = [...b];
  for (let i = 0; i < Math.min(left.length, right.length); i++) {
    const step = (left[i]?.codePointAt(0) ?? 0) - (right[i]?.codePointAt(0) ?? 0);
    if (step) return step;
  }
  return left.length - right.length;
}

/** Sorted keys, no spaces, whole numbers only. @param {unknown} value @returns {string} */
export function canonicalJson(value) {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(",")}]`;
  if (value !== null && typeof value === "object") {
    const record = /** @type {Record<string, unknown>} */ (value);
    const keys = Object.keys(record).sort(byCodePoint);
    return `{${keys.map((key) => `${JSON.stringify(key)}:${canonicalJson(record[key])}`).join(",")}}`;
  }
  if (typeof value === "number" && !Number.isSafeInteger(value)) throw new VerifyError("a number is not whole.");
  return JSON.stringify(value);
}

/**
 * The object that a canonical text spells; every other spelling (a key twice, a space, a float) is refused.
 * @param {string} text @param {string} what @returns {Record<string, unknown>}
 */
export function parseCanonical(text, what) {
  let value;
  try {
    value = JSON.parse(text);
    if (value === null || typeof value !== "object" || Array.isArray(value) || canonicalJson(value) !== text) {
      throw new Error();
    }
  } catch {
    throw new VerifyError(`${what} is not JSON in its one spelling.`);
  }
  return value;
}

// ---------------------------------------------------------------- SHA-256 (FIPS 180-4)

const K = new Int32Array([
  0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5, 0xd807aa98,
  0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786,
  0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da, 0x983e5152, 0xa831c66d, 0xb00327c8,
  0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13,
  0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819,
  0xd6990624, 0xf40e3585, 0x106aa070, 0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a,
  0x5b9cca4f, 0x682e6ff3, 0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7,
  0xc67178f2,
]);
const W = new Int32Array(64);

/** Plain SHA-256 of a stream: WebCrypto has no streaming digest. */
export class Sha256 {
  constructor() {
    this.state = new Int32Array([
      0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
    ]);
    this.block = new Uint8Array(64);
    this.filled = 0;
    this.length = 0;
  }

  /** @param {Uint8Array} data */
  update(data) {
    this.length += data.length;
    let at = 0;
    if (this.filled) {
      const take = Math.min(64 - this.filled, data.length);
      this.block.set(data.subarray(0, take), this.filled);
      this.filled += take;
      at = take;
      if (this.filled < 64) return this;
      this.compress(this.block, 0, 64);
      this.filled = 0;
    }
    const whole = at + ((data.length - at) & ~63);
    this.compress(data, at, whole);
    if (whole < data.length) {
      this.block.set(data.subarray(whole));
      this.filled = data.length - whole;
    }
    return this;
  }

  /** @returns {Bytes} */
  digest() {
    const tail = new Uint8Array(this.filled < 56 ? 64 : 128);
    tail.set(this.block.subarray(0, this.filled));
    tail[this.filled] = 0x80;
    const view = new DataView(tail.buffer);
    view.setUint32(tail.length - 8, Math.floor(this.length / 0x20000000));
    view.setUint32(tail.length - 4, (this.length * 8) >>> 0);
    this.compress(tail, 0, tail.length);
    const out = new Uint8Array(32);
    const outView = new DataView(out.buffer);
    this.state.forEach((word, i) => outView.setInt32(4 * i, word));
    return out;
  }

  /** @param {Uint8Array} data @param {number} start @param {number} end */
  compress(data, start, end) {
    const s = this.state;
    const view = new DataView(data.buffer, data.byteOffset);
    for (let at = start; at < end; at += 64) {
      for (let i = 0; i < 16; i++) W[i] = view.getInt32(at + 4 * i);
      for (let i = 16; i < 64; i++) {
        const x = W[i - 15];
        const y = W[i - 2];
        const s0 = ((x >>> 7) | (x << 25)) ^ ((x >>> 18) | (x << 14)) ^ (x >>> 3);
        const s1 = ((y >>> 17) | (y << 15)) ^ ((y >>> 19) | (y << 13)) ^ (y >>> 10);
        W[i] = (W[i - 16] + s0 + W[i - 7] + s1) | 0;
      }
      rounds(s);
    }
  }
}

/** The 64 rounds over the schedule W. @param {Int32Array} s */
function rounds(s) {
  let a = s[0] | 0;
  let b = s[1] | 0;
  let c = s[2] | 0;
  let d = s[3] | 0;
  let e = s[4] | 0;
  let f = s[5] | 0;
  let g = s[6] | 0;
  let h = s[7] | 0;
  for (let i = 0; i < 64; i++) {
    const s1 = ((e >>> 6) | (e << 26)) ^ ((e >>> 11) | (e << 21)) ^ ((e >>> 25) | (e << 7));
    const t1 = (h + s1 + (g ^ (e & (f ^ g))) + K[i] + W[i]) | 0;
    const s0 = ((a >>> 2) | (a << 30)) ^ ((a >>> 13) | (a << 19)) ^ ((a >>> 22) | (a << 10));
    const t2 = (s0 + ((a & b) | (c & (a | b)))) | 0;
    h = g;
    g = f;
    f = e;
    e = (d + t1) | 0;
    d = c;
    c = b;
    b = a;
    a = (t1 + t2) | 0;
  }
  s[0] = s[0] + a;
  s[1] = s[1] + b;
  s[2] = s[2] + c;
  s[3] = s[3] + d;
  s[4] = s[4] + e;
  s[5] = s[5] + f;
  s[6] = s[6] + g;
  s[7] = s[7] + h;
}

/** @param {...Uint8Array} parts @returns {Bytes} */
export function sha256(...parts) {
  const hash = new Sha256();
  for (const part of parts) hash.update(part);
  return hash.digest();
}

/** @param {Uint8Array} key At most 64 bytes. @param {...Uint8Array} parts @returns {Bytes} HMAC-SHA256 (RFC 2104). */
export function hmacSha256(key, ...parts) {
  const inner = new Uint8Array(64).fill(0x36);
  const outer = new Uint8Array(64).fill(0x5c);
  key.forEach((byte, i) => {
    inner[i] = 0x36 ^ byte;
    outer[i] = 0x5c ^ byte;
  });
  return sha256(outer, sha256(inner, ...parts));
}

// ---------------------------------------------------------------- the tree (RFC 6962 section 2.1)

const LEAF = new Uint8Array([0]);
const NODE = new Uint8Array([1]);

/** @param {Uint8Array} entry */
export function leafHash(entry) {
  return sha256(LEAF, entry);
}

/** @param {Uint8Array} left @param {Uint8Array} right */
export function nodeHash(left, right) {
  return sha256(NODE, left, right);
}

/** The right edge of a growing tree. */
export class Frontier {
  constructor() {
    this.size = 0;
    /** @type {Bytes[]} */
    this.hashes = [];
  }

  /** @param {Bytes} hash */
  append(hash) {
    let carried = hash;
    for (let size = this.size; size % 2 === 1; size = Math.floor(size / 2)) {
      carried = nodeHash(/** @type {Bytes} */ (this.hashes.pop()), carried);
    }
    this.hashes.push(carried);
    this.size += 1;
  }

  /** @returns {Bytes} */
  root() {
    if (!this.hashes.length) return sha256();
    return this.hashes.reduceRight((right, left) => nodeHash(left, right));
  }
}

/**
 * Show that a leaf is number `index` of the tree (RFC 9162 section 2.1.3.2).
 * @param {Bytes} leaf @param {number} index @param {number} size @param {Bytes[]} proof @param {Bytes} root
 */
export function verifyInclusion(leaf, index, size, proof, root) {
  /** @param {string} reason */
  const bad = (reason) =>
    new VerifyError(`Entry ${index} is not shown to be in the tree of ${size} entries: ${reason}.`);
  if (!(Number.isSafeInteger(index) && Number.isSafeInteger(size) && index >= 0 && index < size)) {
    throw bad("there is no such entry in a tree of this size");
  }
  let node = index;
  let last = size - 1;
  let reached = leaf;
  for (const sibling of proof) {
    if (last === 0) throw bad("the proof is too long");
    if (node % 2 === 1 || node === last) {
      reached = nodeHash(sibling, reached);
      while (node % 2 === 0 && node !== 0) {
        node = node / 2;
        last = Math.floor(last / 2);
      }
    } else {
      reached = nodeHash(reached, sibling);
    }
    node = Math.floor(node / 2);
    last = Math.floor(last / 2);
  }
  if (last !== 0) throw bad("the proof is too short");
  if (!same(reached, root)) throw bad("the proof leads to another root than the signed one");
}

// ---------------------------------------------------------------- keys and notes (C2SP signed-note)

/** @param {string} name */
function checkKeyName(name) {
  if (!name || /[\s+]/u.test(name)) throw new VerifyError("A key's name is empty or holds a space or a plus sign.");
}

/** Read a verifier key `name+id+base64(type || key)`. @param {string} given @returns {Vkey} */
export function parseVkey(given) {
  const text = given.replace(/^[ \n]+|[ \n]+$/g, "");
  const match = /^([^+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/]+={0,2})$/.exec(text);
  if (!match) throw new VerifyError("This is not a verifier key: it should read name+8 hex digits+base64.");
  const [, name = "", id = "", encoded = ""] = match;
  checkKeyName(name);
  const bytes = fromBase64(encoded, "The key");
  const type = bytes[0] ?? 0;
  if (bytes.length !== (type === ML_DSA_44 ? 1313 : 33)) {
    throw new VerifyError(`The key of ${shown(name)} has the wrong length, or is of a kind that is not read here.`);
  }
  const expected = hex(sha256(utf8(`${name}\n`), bytes).subarray(0, 4));
  if (expected !== id) throw new VerifyError(`The key of ${shown(name)} does not fit its own number: it was mistyped or changed.`);
  return { name, id, type, key: bytes.slice(1), text };
}

/** SHA-256 of the whole vkey line, hex: what two people compare over another channel. @param {Vkey} vkey */
export function fingerprint(vkey) {
  return hex(sha256(utf8(vkey.text)));
}

/** A fingerprint in groups of four digits, for reading aloud. @param {string} digits */
export function grouped(digits) {
  return (digits.match(/.{1,4}/g) ?? []).join(" ");
}

/** @param {string} text @param {string} [what] @returns {Note} */
export function parseNote(text, what = "The checkpoint") {
  if (text.length > MAX_NOTE) throw new VerifyError(`${what} is too long.`);
  if (/[\u0000-\u0009\u000b-\u001f]/.test(text)) throw new VerifyError(`${what} holds a control character.`);
  const split = text.lastIndexOf("\n\n");
  if (split < 0 || !text.endsWith("\n")) throw new VerifyError(`${what} has no signatures.`);
  const lines = text.slice(split + 2).split("\n").slice(0, -1);
  if (!lines.length || lines.length > MAX_SIGNATURES) throw new VerifyError(`${what} has no signatures, or too many.`);
  const signatures = lines.map((line) => {
    const match = /^— ([^ ]+) ([^ ]+)$/.exec(line);
    if (!match) throw new VerifyError(`A signature line cannot be read: ${what}.`);
    const [, name = "", encoded = ""] = match;
    checkKeyName(name);
    const bytes = fromBase64(encoded, "A signature");
    if (bytes.length < 5) throw new VerifyError(`A signature is too short: ${what}.`);
    return { name, id: hex(bytes.subarray(0, 4)), blob: bytes.slice(4) };
  });
  return { text: text.slice(0, split + 1), signatures };
}

/** Read a checkpoint; nothing is verified yet. @param {string} text @returns {Checkpoint} */
export function parseCheckpoint(text) {
  const note = parseNote(text);
  const [origin = "", size = "", root = "", ...rest] = note.text.split("\n");
  if (!origin || rest.length < 1 || rest.slice(0, -1).some((line) => !line)) {
    throw new VerifyError("The checkpoint does not have the three lines it should.");
  }
  const rootBytes = fromBase64(root, "The checkpoint's root");
  if (rootBytes.length !== 32) throw new VerifyError("The checkpoint's root is not 32 bytes.");
  return { origin, size: decimal(size, "The checkpoint's size"), root: rootBytes, note };
}

/** @param {Bytes} key @param {Bytes} signature @param {Bytes} message */
async function ed25519(key, signature, message) {
  if (signature.length !== 64) return false;
  const subtle = globalThis.crypto?.subtle;
  if (!subtle) throw new VerifyError("This browser does not offer cryptography here. Use a newer one, or the command.");
  let imported;
  try {
    imported = await subtle.importKey("raw", key, { name: "Ed25519" }, false, ["verify"]);
  } catch {
    throw new VerifyError("This browser cannot check Ed25519 signatures. Use Firefox 129, Safari 17, Chrome 137 or newer.");
  }
  return subtle.verify({ name: "Ed25519" }, imported, signature, message);
}

/**
 * Check the log's signature. A known key with a bad signature rejects the note; unknown ones are passed over.
 * @param {Checkpoint} checkpoint @param {Vkey} log
 */
export async function verifyLogSignature(checkpoint, log) {
  if (checkpoint.origin !== log.name) {
    throw new VerifyError(`The checkpoint is of the log ${shown(checkpoint.origin)}, not of the log ${shown(log.name)}.`);
  }
  if (log.type !== ED25519) throw new VerifyError(`The key of ${shown(log.name)} is not a log's key.`);
  const ours = checkpoint.note.signatures.filter((s) => s.name === log.name && s.id === log.id);
  if (!ours.length) throw new VerifyError(`No signature here is by the key that was given for ${shown(log.name)} (${log.id}).`);
  for (const signature of ours) {
    if (!(await ed25519(log.key, signature.blob, utf8(checkpoint.note.text)))) {
      throw new VerifyError(`The signature by ${shown(log.name)} does not match: the text was changed, or another key signed it.`);
    }
  }
}

/**
 * The time (seconds since 1970) at which a witness cosigned, or null where it did not.
 * @param {Checkpoint} checkpoint @param {Vkey} witness @returns {Promise<number | null>}
 */
export async function verifyCosignature(checkpoint, witness) {
  let time = null;
  if (witness.type !== COSIGNATURE) return null;
  for (const signature of checkpoint.note.signatures) {
    if (signature.name !== witness.name || signature.id !== witness.id) continue;
    if (signature.blob.length !== 72) throw new VerifyError(`The cosignature by ${shown(witness.name)} has the wrong length.`);
    const view = new DataView(signature.blob.buffer, signature.blob.byteOffset);
    const seconds = Number(view.getBigUint64(0));
    if (view.getBigUint64(0) >= 2n ** 63n) throw new VerifyError(`The cosignature by ${shown(witness.name)} has no possible time.`);
    const message = utf8(`cosignature/v1\ntime ${view.getBigUint64(0)}\n${checkpoint.note.text}`);
    if (!(await ed25519(witness.key, signature.blob.slice(8), message))) {
      throw new VerifyError(`The cosignature by ${shown(witness.name)} does not match: the text was changed, or another key signed it.`);
    }
    time = time === null ? seconds : Math.min(time, seconds);
  }
  return time;
}

// ---------------------------------------------------------------- proofs and policies

/** Read a `.tlog-proof`. @param {string} text @returns {Proof} */
export function parseProof(text) {
  if (text.length > MAX_NOTE) throw new VerifyError("The proof is too long.");
  const split = text.indexOf("\n\n");
  if (split < 0) throw new VerifyError("The proof is cut short.");
  const lines = text.slice(0, split).split("\n");
  if (lines.shift() !== "c2sp.org/tlog-proof@v1") throw new VerifyError("This is not a proof of the form tlog-proof@v1.");
  let extra = null;
  if (lines[0]?.startsWith("extra ")) extra = fromBase64((lines.shift() ?? "").slice(6), "The proof's extra line");
  const index = lines.shift() ?? "";
  if (!index.startsWith("index ")) throw new VerifyError("The proof does not say which entry it is for.");
  if (lines.length > 63) throw new VerifyError("The proof is too long.");
  const hashes = lines.map((line) => {
    const hash = fromBase64(line, "A hash of the proof");
    if (hash.length !== 32) throw new VerifyError("A hash of the proof is not 32 bytes.");
    return hash;
  });
  return { extra, index: decimal(index.slice(6), "The proof's index"), hashes, checkpoint: text.slice(split + 2) };
}

/** Read a C2SP tlog-policy. @param {string} text @returns {Policy} */
export function parsePolicy(text) {
  if (text.length > MAX_NOTE) throw new VerifyError("The policy is too long.");
  /** @type {Policy} */
  const policy = { logs: [], witnesses: new Map(), groups: new Map(), quorum: null };
  const used = new Set();
  let quorumSeen = false;
  for (const line of text.split("\n")) {
    const words = line.split(/[ \t]+/).filter(Boolean);
    if (!words.length || words[0]?.startsWith("#")) continue;
    const [verb = "", first = "", second = ""] = words;
    const bad = () => new VerifyError(`This line of the policy cannot be read: ${shown(line)}`);
    const known = (/** @type {string} */ name) => policy.witnesses.has(name) || policy.groups.has(name);
    if (verb === "log" && words.length >= 2 && words.length <= 3) {
      const log = parseVkey(first);
      if (log.type !== ED25519 && log.type !== ML_DSA_44) throw bad();
      if (policy.logs.some((other) => same(other.key, log.key))) throw bad();
      policy.logs.push(log);
    } else if (verb === "witness" && words.length >= 3 && words.length <= 4) {
      if (known(first) || first === "none") throw bad();
      const witness = parseVkey(second);
      if (witness.type !== COSIGNATURE && witness.type !== ML_DSA_44) throw bad();
      if ([...policy.witnesses.values()].some((other) => same(other.key, witness.key))) throw bad();
      policy.witnesses.set(first, witness);
    } else if (verb === "group" && words.length >= 4) {
      const members = words.slice(3);
      if (known(first) || first === "none" || members.some((m) => !known(m) || used.has(m))) throw bad();
      for (const member of members) used.add(member);
      if (new Set(members).size !== members.length) throw bad();
      const need = second === "all" ? members.length : second === "any" ? 1 : decimal(second, "The group's count");
      if (need < 1 || need > members.length) throw bad();
      policy.groups.set(first, { name: first, need, members });
    } else if (verb === "quorum" && words.length === 2) {
      if (quorumSeen || (first !== "none" && !known(first))) throw bad();
      quorumSeen = true;
      policy.quorum = first === "none" ? null : first;
    } else {
      throw bad();
    }
  }
  if (!quorumSeen) throw new VerifyError("The policy does not say which quorum it asks for.");
  return policy;
}

/** @param {Policy} policy @param {Set<string>} signed Names of witnesses whose cosignature is valid. */
export function quorumMet(policy, signed) {
  /** @param {string} name @returns {boolean} */
  const met = (name) => {
    const group = policy.groups.get(name);
    return group ? group.members.filter(met).length >= group.need : signed.has(name);
  };
  return policy.quorum === null || met(policy.quorum);
}

// ---------------------------------------------------------------- leaf, opening, tag

/** @param {string} leafText @returns {{commit: string, hour: string, tag: string}} */
export function parseLeaf(leafText) {
  const leaf = parseCanonical(leafText, "The public entry");
  const { commit, hour, tag, v } = leaf;
  const wellFormed =
    Object.keys(leaf).length === 4 && v === 1 && typeof hour === "string" && /^\d{4}-\d\d-\d\dT\d\dZ$/.test(hour);
  if (!wellFormed) throw new VerifyError("The public entry does not have the four fields it should.");
  fromHex(commit, 32, "The entry's commitment");
  fromHex(tag, 16, "The entry's tag");
  return { commit: String(commit), hour: String(hour), tag: String(tag) };
}

/** UTC with microseconds, and a day that exists. @param {string} text */
export function isTime(text) {
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/.test(text)) return false;
  const seconds = Date.parse(`${text.slice(0, 19)}Z`);
  return !Number.isNaN(seconds) && !text.startsWith("0000") && new Date(seconds).toISOString().slice(0, 19) === text.slice(0, 19);
}

/**
 * Show that a payload and salt are what the public entry commits to; returns the payload.
 * @param {string} leafText @param {string} payloadText @param {string} salt Hexadecimal.
 */
export function verifyOpening(leafText, payloadText, salt) {
  const leaf = parseLeaf(leafText);
  const opened = sha256(utf8("bwc-commit-v1\0"), fromHex(salt, 32, "The salt"), utf8(payloadText));
  if (hex(opened) !== leaf.commit) {
    throw new VerifyError("What is shown of the event is not what the log holds: the commitment does not fit.");
  }
  const payload = parseCanonical(payloadText, "The event");
  const at = payload["at"];
  if (typeof at !== "string" || !isTime(at)) throw new VerifyError("The event's time cannot be read.");
  if (`${at.slice(0, 13)}Z` !== leaf.hour) {
    throw new VerifyError("What is shown of the event is not what the log holds: the hour does not fit.");
  }
  return payload;
}

/** Tag of event number `n` under a recording's tag key. @param {Bytes} tagKey @param {number} n */
export function tagOf(tagKey, n) {
  const number = new Uint8Array(8);
  new DataView(number.buffer).setBigUint64(0, BigInt(n));
  return hex(hmacSha256(tagKey, utf8("bwc-tag-v1\0"), number).subarray(0, 16));
}

// ---------------------------------------------------------------- files

/**
 * SHA-256 and chunk root of a file, read once in pieces of 1 MiB. Eight pieces are digested natively at a time,
 * while the plain SHA-256 runs over them in order.
 * @param {Blob} blob @param {(bytes: number) => void} [progress] @returns {Promise<Digests>}
 */
export async function digestBlob(blob, progress) {
  const whole = new Sha256();
  const chunks = new Frontier();
  const subtle = globalThis.crypto?.subtle;
  if (!subtle) throw new VerifyError("This browser does not offer cryptography here. Use a newer one, or the command.");
  for (let at = 0; at < blob.size; at += 8 * CHUNK_SIZE) {
    const batch = new Uint8Array(await blob.slice(at, at + 8 * CHUNK_SIZE).arrayBuffer());
    /** @type {Promise<ArrayBuffer>[]} */
    const leaves = [];
    for (let from = 0; from < batch.length; from += CHUNK_SIZE) {
      leaves.push(subtle.digest("SHA-256", joined(LEAF, batch.subarray(from, from + CHUNK_SIZE))));
    }
    whole.update(batch);
    for (const leaf of await Promise.all(leaves)) chunks.append(new Uint8Array(leaf));
    progress?.(batch.length);
  }
  return { size: blob.size, sha256: hex(whole.digest()), chunkRoot: hex(chunks.root()) };
}

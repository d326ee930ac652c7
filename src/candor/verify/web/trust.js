// @ts-check
/**
 * Whom a verifier trusts: what the person at the page gave, or, loudly, nothing.
 * @module
 */

import { VerifyError, parsePolicy, parseVkey } from "./tlog.js";

/** @typedef {import("./case.js").Trust} Trust */

/**
 * A trust policy, or verifier keys one per line: a log's, and witnesses' that must all have cosigned. Nothing at all
 * means that the package's own keys will be used, which proves nothing. Throws VerifyError.
 * @param {string} text @param {string} source Where it came from, in words. @returns {Trust}
 */
export function trustFromText(text, source) {
  const lines = text.split("\n").map((line) => line.trim()).filter((line) => line && !line.startsWith("#"));
  if (!lines.length) return { policy: null, source };
  if (lines.some((line) => /^(log|witness|group|quorum)[ \t]/.test(line))) return { policy: parsePolicy(text), source };
  const keys = lines.map(parseVkey);
  const logs = keys.filter((key) => key.type === 1);
  const witnesses = keys.filter((key) => key.type === 4);
  if (!logs.length || logs.length + witnesses.length !== keys.length) {
    throw new VerifyError("Among these keys there must be the log's; the others must be of witnesses.");
  }
  const group = ["group every-one all", ...witnesses.map((_, at) => `w${at + 1}`)].join(" ");
  const statements = [
    ...logs.map((key) => `log ${key.text}`),
    ...witnesses.map((key, at) => `witness w${at + 1} ${key.text}`),
    ...(witnesses.length ? [group, "quorum every-one"] : ["quorum none"]),
  ];
  return { policy: parsePolicy(statements.join("\n")), source };
}

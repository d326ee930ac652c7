// Run with: node --test tests/js/*.test.mjs
import assert from "node:assert/strict";
import { createHash, createHmac, randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import * as tlog from "../../src/candor/verify/web/tlog.js";
import { strictJson } from "../../src/candor/verify/web/contents.js";
import { trustFromText } from "../../src/candor/verify/web/trust.js";
import { checkNames, nameFault, parseManifest } from "../../src/candor/verify/web/bag.js";

const vectors = JSON.parse(readFileSync(new URL("../verify/vectors/custody-log.json", import.meta.url), "utf8"));
const LOG = tlog.parseVkey(vectors.log_vkey);
const WITNESS = tlog.parseVkey(vectors.witness_vkey);
const fails = (act, pattern) => assert.throws(act, (error) => error instanceof tlog.VerifyError && pattern.test(error.message));
const rejects = (promise, pattern) =>
  assert.rejects(promise, (error) => error instanceof tlog.VerifyError && pattern.test(error.message));

test("SHA-256 agrees with Node's for every length around a block, and in any pieces", () => {
  for (let length = 0; length < 200; length++) {
    const data = new Uint8Array(randomBytes(length));
    const expected = createHash("sha256").update(data).digest("hex");
    assert.equal(tlog.hex(tlog.sha256(data)), expected);
    const cut = Math.floor(length / 3);
    assert.equal(tlog.hex(new tlog.Sha256().update(data.subarray(0, cut)).update(data.subarray(cut)).digest()), expected);
  }
});

test("HMAC-SHA256 agrees with Node's", () => {
  for (const size of [0, 1, 32, 64]) {
    const [key, data] = [new Uint8Array(randomBytes(size)), new Uint8Array(randomBytes(50))];
    assert.equal(tlog.hex(tlog.hmacSha256(key, data)), createHmac("sha256", key).update(data).digest("hex"));
  }
});

test("leaves and roots of the vectors", () => {
  const frontier = new tlog.Frontier();
  assert.equal(tlog.hex(frontier.root()), vectors.empty_root);
  vectors.leaves_utf8.forEach((leaf, at) => {
    const hash = tlog.leafHash(tlog.utf8(leaf));
    assert.equal(tlog.hex(hash), vectors.leaf_hashes[at]);
    frontier.append(hash);
    assert.equal(tlog.hex(frontier.root()), vectors.roots_by_size[at + 1]);
  });
});

test("inclusion: every proof of the vectors holds, and no other does", () => {
  const root = tlog.fromHex(vectors.roots_by_size[7], 32, "root");
  for (const [index, hashes] of Object.entries(vectors.inclusion_size7)) {
    const leaf = tlog.fromHex(vectors.leaf_hashes[index], 32, "leaf");
    const proof = hashes.map((hash) => tlog.fromHex(hash, 32, "hash"));
    tlog.verifyInclusion(leaf, Number(index), 7, proof, root);
    for (let other = 0; other < 9; other++) {
      if (other !== Number(index)) fails(() => tlog.verifyInclusion(leaf, other, 7, proof, root), /not shown/);
    }
    fails(() => tlog.verifyInclusion(leaf, Number(index), 7, proof.slice(1), root), /not shown/);
    fails(() => tlog.verifyInclusion(leaf, Number(index), 7, [...proof, root], root), /too long/);
    fails(() => tlog.verifyInclusion(leaf, Number(index), 9, proof, root), /not shown/);
    proof[0][0] ^= 1;
    fails(() => tlog.verifyInclusion(leaf, Number(index), 7, proof, root), /another root/);
  }
});

test("the checkpoint of the vectors: log and witness signatures", async () => {
  const checkpoint = tlog.parseCheckpoint(vectors.checkpoint7_cosigned);
  assert.equal(checkpoint.size, 7);
  await tlog.verifyLogSignature(checkpoint, LOG);
  assert.equal(await tlog.verifyCosignature(checkpoint, WITNESS), 1760000000);
});

test("the known answer of the signed-note specification", async () => {
  const key = tlog.parseVkey("example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k");
  const text =
    "This is an example message.\n\n— example.com/foo " +
    "Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n";
  const note = tlog.parseNote(text);
  await tlog.verifyLogSignature({ origin: "example.com/foo", size: 0, root: new Uint8Array(32), note }, key);
  assert.equal(tlog.fingerprint(key), createHash("sha256").update(key.text).digest("hex"));
});

test("a changed checkpoint is refused", async () => {
  const changed = tlog.parseCheckpoint(vectors.checkpoint7_cosigned.replace("\n7\n", "\n8\n"));
  await rejects(tlog.verifyLogSignature(changed, LOG), /does not match/);
  await rejects(tlog.verifyCosignature(changed, WITNESS), /does not match/);
  const other = tlog.parseCheckpoint(vectors.checkpoint7_cosigned.replace("evidence.example.gov/bwc/2026\n7", "other\n7"));
  await rejects(tlog.verifyLogSignature(other, LOG), /of the log/);
  const unsigned = vectors.checkpoint7_cosigned.split("\n").filter((line) => !line.includes("PWJ7")).join("\n");
  await rejects(tlog.verifyLogSignature(tlog.parseCheckpoint(unsigned), LOG), /No signature here/);
});

test("the proof of the vectors", () => {
  const proof = tlog.parseProof(vectors.tlog_proof_index3);
  const checkpoint = tlog.parseCheckpoint(proof.checkpoint);
  assert.equal(proof.checkpoint, vectors.checkpoint7_cosigned);
  assert.deepEqual(tlog.decoded(proof.extra, "extra"), "salt");
  tlog.verifyInclusion(tlog.leafHash(tlog.utf8("entry-3")), proof.index, checkpoint.size, proof.hashes, checkpoint.root);
});

test("texts that are not canonical are refused", () => {
  for (const number of ["007", "+7", "٧", "7 ", "", "-1", "1e3", "9007199254740993"]) {
    fails(() => tlog.decimal(number, "it"), /whole number/);
  }
  for (const text of ["AA", "AB==", "A===", "AA==\n", "_w=="]) fails(() => tlog.fromBase64(text, "it"), /base64/);
  for (const text of ['{"b":1,"a":2}', '{"a": 1}', '{"a":1.5}', '{"a":1,"a":1}', "[1]", "", '{"a":12345678901234567890}']) {
    fails(() => tlog.parseCanonical(text, "it"), /spelling/);
  }
  for (const note of ["text\n", "text\n\n", "text\n\n— name AAAA\n", "a\tb\n\n— n AAAAAAAA\n", "a\n\n- n AAAAAAAA\n"]) {
    fails(() => tlog.parseNote(note), /checkpoint|signature/i);
  }
});

test("a mistyped key is refused", () => {
  fails(() => tlog.parseVkey(vectors.log_vkey.replace("3d62", "3d63")), /mistyped/);
  fails(() => tlog.parseVkey("name"), /verifier key/);
  fails(() => tlog.parseVkey(vectors.log_vkey.slice(0, -4)), /base64|length|mistyped|key/);
});

test("policies: quorum by groups", () => {
  const text = `# a comment\nlog ${vectors.log_vkey} https://log.example\nwitness w ${vectors.witness_vkey}\ngroup g any w\nquorum g\n`;
  const policy = tlog.parsePolicy(text);
  assert.equal(tlog.quorumMet(policy, new Set()), false);
  assert.equal(tlog.quorumMet(policy, new Set(["w"])), true);
  for (const bad of [
    text.replace("quorum g", ""),
    text.replace("group g any w", "group g any w w"),
    text.replace("group g any w", "group g 2 w"),
    text.replace("quorum g", "quorum h"),
    `${text}quorum none\n`,
    text.replace("witness w", "witness none"),
    text.replace("witness w ", "log "),
  ]) {
    fails(() => tlog.parsePolicy(bad), /policy/);
  }
});

test("keys from a person: one per line, or a policy", () => {
  assert.equal(trustFromText("  \n", "page").policy, null);
  const trust = trustFromText(`${vectors.log_vkey}\n${vectors.witness_vkey}\n`, "page");
  assert.equal(trust.policy.logs.length, 1);
  assert.equal(tlog.quorumMet(trust.policy, new Set()), false);
  assert.equal(tlog.quorumMet(trust.policy, new Set(["w1"])), true);
  fails(() => trustFromText(vectors.witness_vkey, "page"), /log's/);
  assert.equal(trustFromText(`log ${vectors.log_vkey}\nquorum none`, "page").policy.quorum, null);
});

test("opening, hour and tag of an event", () => {
  const salt = "11".repeat(32);
  const payload = tlog.canonicalJson({ at: "2026-11-22T10:11:12.123456Z", kind: "recording:sealed", v: 1 });
  const commit = createHash("sha256").update(`bwc-commit-v1\0`).update(Buffer.from(salt, "hex")).update(payload).digest("hex");
  const key = new Uint8Array(32).fill(7);
  const number = Buffer.alloc(8);
  number.writeBigUInt64BE(5n);
  const tag = createHmac("sha256", key).update("bwc-tag-v1\0").update(number).digest("hex").slice(0, 32);
  assert.equal(tlog.tagOf(key, 5), tag);
  const leaf = tlog.canonicalJson({ commit, hour: "2026-11-22T10Z", tag, v: 1 });
  assert.equal(tlog.verifyOpening(leaf, payload, salt).kind, "recording:sealed");
  fails(() => tlog.verifyOpening(leaf, payload.replace("sealed", "viewed"), salt), /commitment/);
  fails(() => tlog.verifyOpening(leaf, payload, "22".repeat(32)), /commitment/);
  fails(() => tlog.verifyOpening(leaf.replace("T10Z", "T11Z"), payload, salt), /hour/);
  fails(() => tlog.verifyOpening(leaf.replace(',"v":1', ',"v":1,"w":1'), payload, salt), /four fields/);
});

test("digests of a file in pieces agree with Node's", async () => {
  for (const size of [0, 1, 2 ** 20 - 1, 2 ** 20, 2 ** 20 + 1, 9 * 2 ** 20 + 5]) {
    const data = new Uint8Array(randomBytes(size));
    let seen = 0;
    const found = await tlog.digestBlob(new Blob([data]), (bytes) => (seen += bytes));
    assert.equal(found.sha256, createHash("sha256").update(data).digest("hex"));
    assert.equal(seen, size);
    const tree = new tlog.Frontier();
    for (let at = 0; at < size; at += 2 ** 20) tree.append(tlog.leafHash(data.subarray(at, at + 2 ** 20)));
    assert.equal(found.chunkRoot, tlog.hex(tree.root()));
  }
});

test("JSON in which a key stands twice is refused, whatever its strings hold", () => {
  assert.deepEqual(strictJson('{"a":":)","b":["c",":d"],"e":"\\"x\\":"}', "it"), { a: ":)", b: ["c", ":d"], e: '"x":' });
  fails(() => strictJson('{"a":1,"a":1}', "it"), /twice/);
  fails(() => strictJson('{"x":[{"a":1,"\\u0061":1}]}', "it"), /twice/);
  fails(() => strictJson("[".repeat(100000) + "]".repeat(100000), "it"), /JSON/);
});

test("names and manifests", () => {
  for (const name of ["../x", "/x", "a//b", "a\\b", "C:x", "a/./b", "a%20", "x\u202ey", "a\nb", "nul.txt", "a.", "", "a/b "]) {
    assert.notEqual(nameFault(name), null, name);
  }
  assert.equal(nameFault("data/originals/01-01-Übersicht 2.mp4"), null);
  for (const names of [["a", "a/b"], ["a/b/c", "a/b"], ["A/x", "a/y"], ["café", "cafe\u0301"], ["x", "x"], ["Straße", "STRASSE"]]) {
    fails(() => checkNames(names), /clash|twice|both/);
  }
  assert.equal(parseManifest(`${"0".repeat(64)}  data/a b\n`, "m").get("data/a b"), "0".repeat(64));
  for (const text of ["", "x\n", `${"A".repeat(64)}  a\n`, `${"0".repeat(64)} *a\n`, `${"0".repeat(64)}  ../a\n`, `${"0".repeat(64)}  a`]) {
    fails(() => parseManifest(text, "m"), /m”/);
  }
});

test("text for a page cannot hide or turn characters", () => {
  assert.equal(tlog.shown("a\u202eb\n"), "a\\u{202e}b\\u{a}");
  assert.equal(tlog.shown("x".repeat(200)).length, 161);
});

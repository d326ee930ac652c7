// Run with: node --test tests/js/*.test.mjs
import assert from "node:assert/strict";
import { createHash, generateKeyPairSync, randomBytes, sign } from "node:crypto";
import { test } from "node:test";

import * as tlog from "../../src/candor/verify/web/tlog.js";
import { checkLine, checkNumbers, remember, trust } from "../../src/candor/web/static/recording/verify-line.js";

const sha = (...parts) => parts.reduce((hash, one) => hash.update(one), createHash("sha256")).digest();

/** A key of a log or witness with Node's own cryptography. */
function makeKey(name, type) {
  const { privateKey, publicKey } = generateKeyPairSync("ed25519");
  const raw = Buffer.concat([Buffer.from([type]), publicKey.export({ type: "spki", format: "der" }).subarray(-32)]);
  const id = sha(Buffer.concat([Buffer.from(`${name}\n`), raw])).subarray(0, 4);
  return { name, id, privateKey, vkey: `${name}+${id.toString("hex")}+${raw.toString("base64")}` };
}

const LOG = makeKey("troop.example/log", 1);
const WITNESS = makeKey("defender.example/w", 4);
const RECORDING = "0193a1b2-0000-7000-8000-000000000001";

function payloadOf(n, more = {}) {
  return tlog.canonicalJson({
    actor: "system:footage", at: "2026-11-22T10:11:12.000000Z", details: { purpose: "Court" }, epoch: 0,
    event: `0193a1b2-0000-7000-8000-00000000010${n}`, kind: "recording:viewed", n, recording: RECORDING, v: 1, ...more,
  });
}

function openingOf(payload) {
  const salt = randomBytes(32).toString("hex");
  const commit = sha(Buffer.from("bwc-commit-v1\0"), Buffer.from(salt, "hex"), Buffer.from(payload)).toString("hex");
  const leaf = tlog.canonicalJson({ commit, hour: "2026-11-22T10Z", tag: "ab".repeat(16), v: 1 });
  return { leaf, payload, salt };
}

const node = (left, right) => sha(Buffer.from([1]), left, right);
const leafHash = (leaf) => sha(Buffer.from([0]), Buffer.from(leaf));

/** A `.tlog-proof` of entry 1 of 2. */
function proofOf(opening, { cosigned = true, edit = (text) => text } = {}) {
  const other = leafHash("something else");
  const root = node(other, leafHash(opening.leaf));
  const text = `${LOG.name}\n2\n${root.toString("base64")}\n`;
  const line = (key, blob) => `— ${key.name} ${Buffer.concat([key.id, blob]).toString("base64")}\n`;
  let note = `${text}\n${line(LOG, sign(null, Buffer.from(text), LOG.privateKey))}`;
  if (cosigned) {
    const time = Buffer.alloc(8);
    time.writeBigUInt64BE(1795341600n);
    const message = Buffer.from(`cosignature/v1\ntime 1795341600\n${text}`);
    note += line(WITNESS, Buffer.concat([time, sign(null, message, WITNESS.privateKey)]));
  }
  const extra = Buffer.from(tlog.canonicalJson(opening)).toString("base64");
  return edit(`c2sp.org/tlog-proof@v1\nextra ${extra}\nindex 1\n${other.toString("base64")}\n\n${note}`);
}

const policy = (quorum) => tlog.parsePolicy(`log ${LOG.vkey}\nwitness w ${WITNESS.vkey}\nquorum ${quorum}\n`);
const trusted = (quorum = "w") => ({ log: tlog.parseVkey(LOG.vkey), policy: policy(quorum) });
const shownOf = (payload, n = 1) => ({ event: JSON.parse(payload).event, n, payload, recording: RECORDING });
const refuses = (promise, pattern) =>
  assert.rejects(promise, (error) => error instanceof tlog.VerifyError && pattern.test(error.message));

test("a line that is in the log as shown is verified, with its witness", async () => {
  const payload = payloadOf(1);
  const found = await checkLine(proofOf(openingOf(payload)), shownOf(payload), trusted());
  assert.equal(found.index, 1);
  assert.equal(found.size, 2);
  assert.equal(found.n, 1);
  assert.deepEqual(found.witnesses, [WITNESS.name]);
  assert.equal(found.met, true);
});

test("without the witness the quorum is not met, and nothing else is claimed", async () => {
  const payload = payloadOf(1);
  const found = await checkLine(proofOf(openingOf(payload), { cosigned: false }), shownOf(payload), trusted());
  assert.deepEqual(found.witnesses, []);
  assert.equal(found.met, false);
  const loose = await checkLine(proofOf(openingOf(payload), { cosigned: false }), shownOf(payload), trusted("none"));
  assert.equal(loose.met, true);
});

test("what the page shows must be what the log holds, to the letter", async () => {
  const payload = payloadOf(1);
  const proof = proofOf(openingOf(payload));
  const lied = payload.replace("Court", "Duty review");
  await refuses(checkLine(proof, shownOf(lied), trusted()), /not what the log holds/);
  await refuses(checkLine(proof, { ...shownOf(payload), n: 2 }, trusted()), /not what the log holds/);
  await refuses(checkLine(proof, { ...shownOf(payload), event: "another" }, trusted()), /another event/);
  await refuses(checkLine(proof, { ...shownOf(payload), recording: "another" }, trusted()), /another recording/);
});

test("another log's key, another salt, another root, another index, a cut proof: all refused", async () => {
  const payload = payloadOf(1);
  const opening = openingOf(payload);
  const stranger = { ...trusted(), log: tlog.parseVkey(makeKey(LOG.name, 1).vkey) };
  await refuses(checkLine(proofOf(opening), shownOf(payload), stranger), /No signature here is by the key/);
  const salted = { ...opening, salt: "00".repeat(32) };
  await refuses(checkLine(proofOf(salted), shownOf(payload), trusted()), /commitment does not fit/);
  const turned = proofOf(opening, { edit: (text) => text.replace("index 1", "index 0") });
  await refuses(checkLine(turned, shownOf(payload), trusted()), /another root/);
  const grown = proofOf(opening, { edit: (text) => text.replace(`${LOG.name}\n2\n`, `${LOG.name}\n3\n`) });
  await refuses(checkLine(grown, shownOf(payload), trusted()), /does not match/);
  await refuses(checkLine("c2sp.org/tlog-proof@v1\n", shownOf(payload), trusted()), /cut short/);
  await refuses(checkLine("", shownOf(payload), trusted()), /./);
});

test("every bit of a proof counts", async () => {
  const payload = payloadOf(1);
  const proof = proofOf(openingOf(payload));
  for (let at = 0; at < proof.length; at += 7) {
    const flipped = proof.slice(0, at) + String.fromCharCode(proof.charCodeAt(at) ^ 1) + proof.slice(at + 1);
    let outcome = "refused";
    try {
      const found = await checkLine(flipped, shownOf(payload), trusted());
      outcome = found.met && found.witnesses.length === 1 && found.index === 1 && found.size === 2 ? "accepted" : "refused";
    } catch (error) {
      assert.ok(error instanceof tlog.VerifyError, `${at}: ${error}`);
    }
    assert.equal(outcome, "refused", `character ${at}: ${JSON.stringify(proof.slice(at - 5, at + 5))}`);
  }
});

class Store {
  items = new Map();
  getItem(name) {
    return this.items.get(name) ?? null;
  }
  setItem(name, value) {
    this.items.set(name, value);
  }
}

test("the first key is remembered, another one is never taken by itself", () => {
  const [store, now] = [new Store(), () => new Date("2026-11-22T10:00:00Z")];
  const other = makeKey(LOG.name, 1).vkey;
  assert.deepEqual(remember(store, LOG.vkey, now), { state: "first", trusted: LOG.vkey, since: "2026-11-22T10:00:00.000Z" });
  assert.equal(remember(store, LOG.vkey, now).state, "same");
  assert.deepEqual(remember(store, other, now), { state: "changed", trusted: LOG.vkey, since: "2026-11-22T10:00:00.000Z" });
  assert.equal(remember(store, other, now).trusted, LOG.vkey, "still");
  trust(store, other, now);
  assert.equal(remember(store, other, now).state, "same");
  assert.throws(() => remember(store, "no key at all", now), tlog.VerifyError);
});

test("what something else wrote into the store is no key", () => {
  for (const rubbish of ["", "{", "7", '"text"', '{"vkey":"x"}']) {
    const store = new Store();
    store.setItem("candor.log-key", rubbish);
    assert.equal(remember(store, LOG.vkey).state, "first", rubbish);
  }
});

test("numbers of events run from 0 without gap or repeat", () => {
  checkNumbers([2, 0, 1], 3);
  checkNumbers([], 0);
  checkNumbers([0, 1, 2], 2); // one came since the page was made
  assert.throws(() => checkNumbers([0, 2], 2), /number 1/);
  assert.throws(() => checkNumbers([0, 1, 1], 3), /number 2/);
  assert.throws(() => checkNumbers([0, 1], 3), /speaks of 3/);
});

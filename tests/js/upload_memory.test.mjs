// What a browser remembers of unfinished uploads.
import assert from "node:assert/strict";
import test from "node:test";
import { remembering, shortHash } from "../../src/candor/web/static/js/upload_memory.js";

/** Storage as browsers have it: keys are own properties. */
function storage() {
  return Object.defineProperties({}, {
    getItem: { value(key) { return this[key] ?? null; } },
    setItem: { value(key, value) { this[key] = String(value); } },
    removeItem: { value(key) { delete this[key]; } },
  });
}

const DAY = 86400_000;

test("an address is found again by the same account and file, and by nobody else", async () => {
  const held = storage();
  const mine = remembering(held, "me", 1000);
  const key = await mine.addUpload("film", { uploadUrl: "/upload/tus/1", size: 5, metadata: { wearer: "secret" } });
  assert.equal((await mine.findUploadsByFingerprint("film"))[0].uploadUrl, "/upload/tus/1");
  assert.equal((await mine.findUploadsByFingerprint("other")).length, 0);
  assert.equal((await remembering(held, "you", 1000).findUploadsByFingerprint("film")).length, 0);
  assert.equal((await remembering(held, "you", 1000).findAllUploads()).length, 0);
  assert.ok(!JSON.stringify(held).includes("secret") && !JSON.stringify(held).includes("film"), "no names, no claims");
  await mine.removeUpload(key);
  assert.equal((await mine.findAllUploads()).length, 0);
});

test("what the server has forgotten is forgotten here", async () => {
  const held = storage();
  await remembering(held, "me", 0).addUpload("film", { uploadUrl: "/1", size: 5 });
  held.setItem("theme", "dark");
  remembering(held, "you", 59 * DAY);
  assert.equal(Object.keys(held).length, 2);
  remembering(held, "you", 61 * DAY);
  assert.deepEqual(Object.keys(held), ["theme"]);
});

test("hashes differ where texts do", () => {
  const found = new Set(Array.from({ length: 20_000 }, (_, at) => shortHash(`["film ${at}.mp4",${at * 7}]`)));
  assert.equal(found.size, 20_000);
});

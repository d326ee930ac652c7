// The shape of the sound close up: asked for when the waveform is too coarse, once, and drawn where it belongs.

import assert from "node:assert/strict";
import { mock, test } from "node:test";

import { Peaks } from "../../src/candor/web/static/redaction/peaks.js";

const COARSE = { bucket_seconds: 2, count: 1800, peaks: [] };

test("far away the waveform is enough, close up the server is asked once", async () => {
  mock.timers.enable({ apis: ["setTimeout"] });
  /** @type {string[]} */
  const asked = [];
  globalThis.fetch = /** @type {any} */ (
    async (/** @type {string} */ address) => {
      asked.push(address);
      const query = new URL(address, "http://here").searchParams;
      const [begin, until, count] = ["begin", "until", "count"].map((name) => Number(query.get(name)));
      return { ok: true, json: async () => ({ begin, until, count, peaks: Array(2 * count).fill(7) }) };
    }
  );
  let drawn = 0;
  const peaks = new Peaks(() => drawn++);
  peaks.open("/media/M?viewing=V");
  assert.deepEqual(peaks.of({ from: 0, span: 3600 }, 500, COARSE), { from: 0, wave: COARSE });
  const view = { from: 100, span: 10 };
  assert.deepEqual(peaks.of(view, 500, COARSE), { from: 0, wave: COARSE });
  peaks.of(view, 500, COARSE);
  mock.timers.tick(200);
  await new Promise(setImmediate);
  assert.deepEqual(asked, ["/media/M/peaks?viewing=V&begin=95000&until=115000&count=1000"]);
  assert.equal(drawn, 1);
  const near = peaks.of({ from: 97, span: 10 }, 500, COARSE);
  assert.equal(near?.from, 95);
  assert.equal(near?.wave.bucket_seconds, 0.02);
  mock.timers.tick(200);
  assert.equal(asked.length, 1);
  peaks.open("");
  assert.deepEqual(peaks.of(view, 500, null), null);
  mock.timers.reset();
});

// Run with: node --test tests/js/*.test.mjs
import assert from "node:assert/strict";
import { test } from "node:test";

import * as player from "../../src/candor/web/static/recording/player-state.js";

const part = (number, duration, startsAt = 0, more = {}) => ({
  number, duration, startsAt, src: `/media/${number}`, fps: 25, gap: null, sound: true, picture: true, strip: null, wave: null, ...more,
});
const key = (name, more = {}) => player.actOf({ key: name, shiftKey: false, ctrlKey: false, metaKey: false, altKey: false, ...more });

test("a moment lies in one part, and every part begins where the last one ends", () => {
  const parts = [part(1, 10), part(2, 5.5), part(3, 20)];
  assert.deepEqual(player.beginnings(parts), [0, 10, 15.5]);
  assert.equal(player.lengthOf(parts), 35.5);
  for (const [time, index, within] of [[0, 0, 0], [9.99, 0, 9.99], [10, 1, 0], [15.5, 2, 0], [35.5, 2, 20], [99, 2, 20], [-1, 0, 0]]) {
    assert.deepEqual(player.placeOf(parts, time), { index, within }, String(time));
  }
});

test("the clock jumps over a gap between parts", () => {
  const parts = [part(1, 10, 1_000_000), part(2, 10, 1_000_000 + 70_000)];
  assert.equal(player.momentOf(parts, 9), 1_009_000);
  assert.equal(player.momentOf(parts, 11), 1_071_000);
});

test("times are cut, never rounded up to a moment that is not reached", () => {
  const cases = [[0, "0:00.0"], [0.09, "0:00.0"], [0.1, "0:00.1"], [0.3, "0:00.3"], [59.99, "0:59.9"], [60, "1:00.0"], [3599.95, "59:59.9"], [3600, "1:00:00.0"], [-3, "0:00.0"]];
  for (const [seconds, text] of cases) assert.equal(player.timeText(seconds), text);
  assert.equal(player.timeText(725.9, false), "12:05");
});

test("the clock is told in the agency's zone, also across midnight and summer time", () => {
  const at = Date.UTC(2026, 10, 20, 7, 30, 5);
  assert.equal(player.clockText(at, "America/Los_Angeles"), "2026-11-19 23:30:05");
  assert.equal(player.clockText(at, "UTC"), "2026-11-20 07:30:05");
  assert.equal(player.clockText(Date.UTC(2026, 6, 1), "America/New_York"), "2026-06-30 20:00:00");
});

test("keys", () => {
  assert.deepEqual(key(" "), { act: "toggle" });
  assert.deepEqual(key("ArrowLeft"), { act: "seek", value: -5 });
  assert.deepEqual(key("ArrowRight", { shiftKey: true }), { act: "seek", value: 1 });
  assert.deepEqual(key(","), { act: "frame", value: -1 });
  assert.deepEqual(key("."), { act: "frame", value: 1 });
  for (const [name, value] of [["j", -1], ["k", 0], ["l", 1], ["L", 1]]) assert.deepEqual(key(name), { act: "shuttle", value });
  assert.deepEqual(key("["), { act: "speed", value: -1 });
  assert.deepEqual(key("]"), { act: "speed", value: 1 });
  assert.equal(key("m").act, "mute");
  assert.equal(key("F").act, "full-screen");
  assert.equal(key("?").act, "help");
  for (const name of ["a", "Tab", "Escape", "F5", "1"]) assert.equal(key(name), null);
  for (const held of ["ctrlKey", "metaKey", "altKey"]) assert.equal(key("l", { [held]: true }), null);
});

test("J and L go faster the same way, begin anew the other way, and K stops", () => {
  let speed = 0;
  const seen = ["l", "l", "l", "l", "l", "j", "j", "k", "j"].map((name) => (speed = player.shuttle(speed, { j: -1, k: 0, l: 1 }[name])));
  assert.deepEqual(seen, [1, 2, 4, 8, 8, -1, -2, 0, -1]);
});

test("speeds go step by step and stay within bounds", () => {
  assert.equal(player.nextSpeed(1, 1), 1.25);
  assert.equal(player.nextSpeed(1, -1), 0.75);
  assert.equal(player.nextSpeed(4, 1), 4);
  assert.equal(player.nextSpeed(0.1, -1), 0.1);
  assert.equal(player.nextSpeed(1.1, 1), 1.25);
});

test("a step of one picture lands in the middle of the neighbour, for every picture and common rate", () => {
  for (const fps of [10, 24, 25, 29.97, 30, 59.94]) {
    const count = 50;
    for (let at = 0; at < count; at++) {
      const shown = at / fps;
      for (const way of [-1, 1]) {
        const target = player.frameTarget(shown, way, fps, count / fps);
        const lands = Math.floor(target * fps + 1e-6);
        assert.equal(lands, Math.min(count - 1, Math.max(0, at + way)), `${fps} ${at} ${way}`);
      }
    }
  }
  assert.equal(player.frameTarget(0, -1, 0, 10), 0);
});

test("the strip's picture for a moment", () => {
  const strip = { src: "", tile_width: 160, tile_height: 90, columns: 10, count: 23, interval: 2 };
  assert.deepEqual(player.tileAt(strip, 0), { x: 0, y: 0, number: 0 });
  assert.deepEqual(player.tileAt(strip, 1.99), { x: 0, y: 0, number: 0 });
  assert.deepEqual(player.tileAt(strip, 2), { x: 160, y: 0, number: 1 });
  assert.deepEqual(player.tileAt(strip, 21), { x: 0, y: 90, number: 10 });
  assert.deepEqual(player.tileAt(strip, 500), { x: 320, y: 180, number: 22 });
});

test("silence at the beginning, everywhere, nowhere", () => {
  const wave = (peaks) => ({ bucket_seconds: 0.5, count: peaks.length / 2, peaks });
  assert.equal(player.quietStart(wave([0, 0, 0, 0, -3, 0, 0, 0])), 1);
  assert.equal(player.quietStart(wave([0, 1, 0, 0])), 0);
  assert.equal(player.quietStart(wave([0, 0, 0, 0])), 1);
  assert.equal(player.isSilent(wave([0, 0, 0, 0])), true);
  assert.equal(player.isSilent(wave([0, 0, -1, 0])), false);
});

test("columns of a waveform keep every peak, however few or many there are", () => {
  const peaks = Array.from({ length: 40 }, (_, at) => (at % 2 ? at * 3 : -at * 3));
  const wave = { bucket_seconds: 0.1, count: 20, peaks };
  for (const columns of [1, 3, 7, 20, 33, 200]) {
    const found = player.columnsOf(wave, columns, 2);
    assert.equal(found.length, columns);
    assert.equal(Math.max(...found.map(([, high]) => high)), 117 / 127);
    assert.equal(Math.min(...found.map(([low]) => low)), -114 / 127);
  }
  // Sound that ends before the pictures leaves the rest empty.
  assert.deepEqual(player.columnsOf(wave, 4, 8)[3], [0, 0]);
});

test("the ruler has no more marks than there is room for", () => {
  for (const length of [0, 0.4, 3, 59, 600, 5400, 90000]) {
    for (const most of [2, 5, 12]) {
      const { marks } = player.ruler(length, most);
      assert.ok(marks.length <= most + 1, `${length} ${most} ${marks.length}`);
      assert.equal(marks[0], 0);
    }
  }
});

test("a key belongs to the field that has the focus, the space bar also to a button", () => {
  const element = (...fits) => ({ isContentEditable: false, matches: (selector) => selector.split(", ").some((one) => fits.includes(one)) });
  assert.equal(player.isTaken(element("textarea"), "j"), true);
  assert.equal(player.isTaken(element("select"), "ArrowRight"), true);
  assert.equal(player.isTaken(element("button"), " "), true);
  assert.equal(player.isTaken(element("button"), "j"), false);
  assert.equal(player.isTaken(element(), " "), false);
  assert.equal(player.isTaken(null, "j"), false);
});

test("texts are filled in, and what is not known stays visible", () => {
  assert.equal(player.filled("{a} of {b}, {c}", { a: 1, b: "x" }), "1 of x, {c}");
});

test("what lies before activation is the buffer", () => {
  assert.equal(player.isBuffer(30, 0), true);
  assert.equal(player.isBuffer(30, 29.9), true);
  assert.equal(player.isBuffer(30, 30), false);
  assert.equal(player.isBuffer(0, 0), false);
  assert.equal(player.isBuffer(0.2, 0), false);
  assert.equal(player.isBuffer(null, 0), false);
  assert.equal(player.isBuffer(undefined, 0), false);
});

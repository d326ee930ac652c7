// Run with: node --test tests/js/*.test.mjs
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import * as doc from "../../src/candor/web/static/redaction/document-state.js";
import { telling } from "../../src/candor/web/static/redaction/exempting.js";
import * as keys from "../../src/candor/web/static/redaction/keys-state.js";
import * as review from "../../src/candor/web/static/redaction/review-state.js";
import * as line from "../../src/candor/web/static/redaction/timeline-state.js";
import * as acts from "../../src/candor/web/static/redaction/track-acts.js";

/** The examples that tests/redaction/test_editor_examples.py writes and holds the server to. */
const examples = JSON.parse(readFileSync(new URL("./redaction_examples.json", import.meta.url), "utf8"));

const track = (more = {}) => ({
  id: "a", part: "p", kind: "face", origin: "model", shape: "box", keys: [[0, 0, 10, 10, 30, 30], [100, 0, 110, 10, 130, 50]],
  hidden: true, exemption: null, style: null, label: "", group: null, reviewed: false, doubt: 0, doubts: [], model: "m", score: 0.9, ...more,
});
const span = (more = {}) => ({
  id: "s", part: "p", begin: 100, until: 900, style: "mute", exemption: null, label: "", origin: "person", hidden: true, reviewed: true, ...more,
});
const times = new doc.FrameTimes({ clock: "1/1000", zero: 0, runs: [[0, 10, 200]] });
const picture = { width: 1280, height: 720, aspect: "1:1" };
const withTracks = (...tracks) => doc.apply(doc.documentFrom({ style: "solid", parts: {} }), tracks.map((one) => ({ act: "put-track", part: one.part, track: one })));

// ---------------------------------------------------------------- the same as the server

test("pictures and times are those of the server", () => {
  for (const { times: json, seconds, numbers, ticks } of examples.times) {
    const found = new doc.FrameTimes(json);
    assert.equal(found.length, seconds.length);
    seconds.forEach(([at, second], number) => {
      assert.equal(found.at(number), at);
      assert.equal(found.seconds(at), second);
    });
    for (const [time, number] of numbers) assert.equal(found.numberAt(time), number, `${json.clock} ${time}`);
    for (const [second, tick] of ticks) assert.equal(found.ticks(second), tick);
  }
});

test("a track lies where the server says, to the last bit", () => {
  let compared = 0;
  for (const { track: one, places } of examples.tracks) {
    for (const [time, numbers] of places) {
      assert.deepEqual(doc.trackAt(one, time), numbers, `${one.id} at ${time}`);
      compared += 1;
    }
  }
  assert.ok(compared > 500);
});

test("acts do what the server's do, and are taken back by the same acts", () => {
  for (const { before, acts: done, after, back } of examples.edits) {
    const given = doc.documentFrom(before);
    assert.deepEqual(doc.inverse(given, done), back);
    const changed = doc.apply(given, done);
    assert.deepEqual(doc.documentJson(changed), after);
    assert.deepEqual(doc.documentJson(given), before, "the document that was given is not changed");
    assert.deepEqual(doc.documentJson(doc.apply(changed, back)).style, before.style);
  }
});

// ---------------------------------------------------------------- times

test("the picture on the screen is the nearest, for a viewing copy's clock rounds", () => {
  const ntsc = new doc.FrameTimes({ clock: "1001/30000", zero: 0, runs: [[0, 1, 300]] });
  for (const number of [0, 1, 2, 100, 299]) {
    const exact = ntsc.seconds(ntsc.at(number));
    for (const off of [-0.004, -0.0006, 0, 0.0006, 0.02]) assert.equal(ntsc.shownAt(Math.max(0, exact + off)), number, `${number} ${off}`);
    assert.equal(ntsc.shownAt(ntsc.target(number)), number);
  }
});

test("pictures before the viewing copy begins are never asked for", () => {
  assert.equal(new doc.FrameTimes({ clock: "1/1000", zero: 50, runs: [[0, 20, 10]] }).firstShown, 3);
  assert.equal(new doc.FrameTimes({ clock: "1/1000", zero: 40, runs: [[0, 20, 10]] }).firstShown, 2);
  assert.equal(times.firstShown, 0);
});

// ---------------------------------------------------------------- undo and redo

test("undo and redo follow from numbers alone", () => {
  const history = new doc.History();
  const add = (number, undoes = null) => history.add({ number, words: `edit ${number}`, undoes, back: null });
  add(1), add(2), add(3);
  assert.equal(history.undo.number, 3);
  assert.equal(history.redo, null);
  add(4, 3); // undo
  assert.deepEqual([history.undo.number, history.redo.number], [2, 4]);
  add(5, 2); // undo
  assert.deepEqual([history.undo.number, history.redo.number], [1, 5]);
  add(6, 5); // redo
  assert.deepEqual([history.undo.number, history.redo.number], [6, 4]);
  add(7, 4); // redo
  assert.deepEqual([history.undo.number, history.redo], [7, null]);
  add(8, 7), add(9, 6);
  assert.equal(history.undo.number, 1);
  add(10); // something else: what was undone cannot be had again by redo
  assert.deepEqual([history.undo.number, history.redo], [10, null]);
});

test("any walk of undo and redo ends where doing alone would have", () => {
  let seed = 7;
  const random = (most) => ((seed = (seed * 1103515245 + 12345) & 0x7fffffff) >>> 8) % most;
  for (let walk = 0; walk < 60; walk++) {
    let now = withTracks(track(), track({ id: "b" }));
    const states = [now];
    let [place, number] = [0, 0];
    const history = new doc.History();
    const commit = (done, undoes) => {
      const back = doc.inverse(now, done);
      now = doc.apply(now, done);
      history.add({ number: ++number, words: "", undoes, back });
    };
    for (let step = 0; step < 30; step++) {
      const wish = random(3);
      if (wish === 0) {
        const id = random(2) ? "a" : "b";
        commit([{ act: "put-keys", part: "p", id, keys: [[random(100), 0, 1, 1, 20 + random(50), 40]], drop: [] }], null);
        states.splice(place + 1, states.length, now);
        place += 1;
      } else if (wish === 1 && history.undo) {
        commit(history.undo.back, history.undo.number);
        place -= 1;
      } else if (wish === 2 && history.redo) {
        commit(history.redo.back, history.redo.number);
        place += 1;
      }
      assert.deepEqual(doc.documentJson(now), doc.documentJson(states[place]));
    }
  }
});

test("what cannot be done is said, and changes nothing", () => {
  const now = withTracks(track());
  for (const act of [
    { act: "drop-track", part: "p", id: "x" }, { act: "put-keys", part: "p", id: "a", keys: [], drop: [7] },
    { act: "put-keys", part: "p", id: "a", keys: [], drop: [0, 100] }, { act: "drop-span", part: "p", id: "s" }, { act: "dance" },
  ]) assert.throws(() => doc.apply(now, [act]), doc.ActWrong, act.act); // prettier-ignore
  assert.equal(now.parts.get("p").tracks.get("a").keys.length, 2);
});

// ---------------------------------------------------------------- acts on tracks

test("moving here sets one key, moving everywhere moves all", () => {
  const one = track();
  assert.deepEqual(acts.reshape(one, 50, [5, -5, 5, -5], "here")[0].keys, [[50, 0, 65, 5, 85, 35]]);
  assert.deepEqual(acts.reshape(one, 50, [5, 0, 5, 0], "everywhere")[0].keys.map((key) => key[2]), [15, 115]);
  assert.deepEqual(acts.reshape(one, 500, [1, 1, 1, 1], "here"), [], "nothing where it is not");
});

test("a box never becomes smaller than it can be seen", () => {
  assert.deepEqual(acts.moved("box", [10, 10, 30, 30], [0, 0, -100, -100]), [10, 10, 14, 14]);
  assert.deepEqual(acts.moved("box", [10, 10, 30, 30], [100, 100, 0, 0]), [26, 26, 30, 30]);
});

test("corners of a polygon go along with its edges", () => {
  assert.deepEqual(acts.moved("polygon", [0, 0, 10, 0, 5, 10], [0, 0, 10, 0]), [0, 0, 20, 0, 10, 10]);
  assert.deepEqual(acts.boxOf("polygon", [0, 4, 10, 0, 5, 10], picture), [0, 0, 10, 10]);
});

test("a split leaves every picture covered as it was", () => {
  const now = withTracks(track());
  const done = acts.split(now.parts.get("p").tracks.get("a"), times, 4, "new");
  const after = doc.apply(now, done).parts.get("p").tracks;
  assert.deepEqual([doc.firstOf(after.get("a")), doc.lastOf(after.get("a"))], [0, 30]);
  assert.deepEqual([doc.firstOf(after.get("new")), doc.lastOf(after.get("new"))], [40, 100]);
  for (let frame = 0; frame <= 10; frame++) {
    const at = times.at(frame);
    const was = doc.trackAt(track(), at).map((value) => Math.round(value * 10) / 10);
    assert.deepEqual((doc.trackAt(after.get("a"), at) ?? doc.trackAt(after.get("new"), at)).map((value) => Math.round(value * 10) / 10), was);
  }
  assert.deepEqual(acts.split(track(), times, 0, "new"), []);
  assert.deepEqual(acts.split(track(), times, 11, "new"), []);
});

test("making one of two covers both, and a short gap between them", () => {
  const later = track({ id: "b", keys: [[140, 0, 200, 10, 220, 50], [190, 0, 210, 10, 230, 50]], exemption: "x" });
  const [drop, put] = acts.merge([later, track()], times);
  assert.deepEqual([drop.act, drop.id, put.track.id, put.track.exemption], ["drop-track", "b", "a", "x"]);
  assert.ok(doc.trackAt(put.track, 120), "the gap is covered");
  const together = track({ id: "c", keys: [[50, 0, 300, 300, 320, 320], [150, 0, 300, 300, 320, 320]] });
  const merged = acts.merge([track(), together], times)[1].track;
  for (let frame = 0; frame < 16; frame++) {
    const at = times.at(frame);
    const box = doc.trackAt(merged, at);
    for (const one of [track(), together]) {
      const inner = doc.trackAt(one, at);
      if (!inner) continue;
      assert.ok(box[0] <= inner[0] + 0.11 && box[1] <= inner[1] + 0.11 && box[2] >= inner[2] - 0.11 && box[3] >= inner[3] - 0.11, `${at}`);
    }
  }
});

test("a long gap is not covered by a guess", () => {
  const long = new doc.FrameTimes({ clock: "1/1000", zero: 0, runs: [[0, 40, 1000]] });
  const far = track({ id: "b", keys: [[20_000, 0, 1, 1, 20, 20], [20_400, 0, 1, 1, 20, 20]] });
  const merged = acts.merge([track(), far], long)[1].track;
  assert.ok(doc.trackAt(merged, 80));
  assert.equal(doc.trackAt(merged, 10_000), null);
  assert.ok(doc.trackAt(merged, 20_000));
});

test("different shapes are not made one", () => {
  assert.deepEqual(acts.merge([track(), track({ id: "b", shape: "polygon", keys: [[0, 0, 1, 1, 2, 2, 3, 3]] })], times), []);
  assert.deepEqual(acts.merge([track()], times), []);
});

test("begin and end can be cut and drawn out", () => {
  const after = (which, at) => doc.apply(withTracks(track()), acts.trim(track(), at, which)).parts.get("p").tracks.get("a");
  assert.deepEqual([doc.firstOf(after("begin", 50)), doc.lastOf(after("begin", 50))], [50, 100]);
  assert.deepEqual([doc.firstOf(after("end", 50)), doc.lastOf(after("end", 50))], [0, 50]);
  assert.deepEqual(doc.trackAt(after("end", 300), 200), [110, 10, 130, 50]);
});

test("the smallest box under the hand is taken", () => {
  const big = track({ id: "big", keys: [[0, 0, 0, 0, 500, 500]] });
  const small = track({ id: "small", keys: [[0, 0, 100, 100, 120, 120]] });
  const shown = [big, small].map((one) => ({ track: one, numbers: one.keys[0].slice(2) }));
  assert.equal(acts.trackUnder(shown, 110, 110, 2, picture).id, "small");
  assert.equal(acts.trackUnder(shown, 300, 300, 2, picture).id, "big");
  assert.equal(acts.trackUnder(shown, 700, 300, 2, picture), null);
});

// ---------------------------------------------------------------- the timeline

test("zoom keeps what is under the hand, and never leaves the recording", () => {
  let view = line.whole(1000, 3600);
  for (const factor of [0.5, 0.1, 0.3, 0.01, 0.0001]) {
    const at = line.secondsAt(view, 400);
    view = line.zoomed(view, factor, 400);
    assert.ok(Math.abs(line.secondsAt(view, 400) - at) < 1e-6 || view.from === 0);
    assert.ok(view.from >= 0 && view.from + view.span <= 3600 + 1e-9 && view.span >= line.CLOSEST);
  }
  assert.deepEqual(line.zoomed(view, 1e9, 0), line.whole(1000, 3600));
  assert.equal(line.panned(view, -1e9).from, 0);
});

test("bars of a lane never overlap, and what is in sight is found", () => {
  const tracks = [];
  for (let at = 0; at < 500; at++) {
    const begin = (at * 37) % 1500;
    tracks.push(track({ id: `t${at}`, kind: at % 3 ? "face" : "plate", keys: [[begin, 0, 1, 1, 9, 9], [begin + 10 + (at % 90), 0, 1, 1, 9, 9]] }));
  }
  const lanes = line.lanesOf(tracks, times);
  assert.equal(lanes.reduce((sum, lane) => sum + lane.bars.length, 0), 500);
  for (const lane of lanes) for (let at = 1; at < lane.bars.length; at++) assert.ok(lane.bars[at - 1].end < lane.bars[at].begin);
  for (const [from, until] of [[0, 2], [0.5, 0.6], [1.2, 1.25], [5, 6]]) {
    for (const lane of lanes) {
      const expected = lane.bars.filter((bar) => bar.end >= from && bar.begin <= until);
      assert.deepEqual(line.barsIn(lane, from, until), expected);
    }
  }
});

test("2,000 tracks are laid out within a tenth of a second", () => {
  const long = new doc.FrameTimes({ clock: "1/30", zero: 0, runs: [[0, 1, 108_000]] });
  const tracks = [...Array(2000).keys()].map((at) => track({ id: `t${at}`, keys: [[at * 53, 0, 1, 1, 9, 9], [at * 53 + 150, 0, 1, 1, 9, 9]] }));
  const begin = performance.now();
  const lanes = line.lanesOf(tracks, long);
  line.density(tracks, long, 600, 3600);
  for (let at = 0; at < 3600; at++) for (const lane of lanes) line.barsIn(lane, at, at + 10);
  assert.ok(performance.now() - begin < 100 * 5, "five times the bound, for slow machines");
});

test("spans of sound are taken by their edges first", () => {
  const spans = [span(), span({ id: "t", begin: 2000, until: 3000 })];
  assert.deepEqual(line.spanAt(spans, 105, 10), { span: spans[0], edge: "begin" });
  assert.deepEqual(line.spanAt(spans, 895, 10), { span: spans[0], edge: "until" });
  assert.deepEqual(line.spanAt(spans, 2500, 10), { span: spans[1], edge: null });
  assert.equal(line.spanAt(spans, 1500, 10), null);
});

test("a waveform is drawn from where one looks", () => {
  const wave = { bucket_seconds: 1, count: 4, peaks: [-10, 10, -20, 20, -127, 127, 0, 0] };
  assert.deepEqual(line.waveColumns(wave, 2, 1, 2), [[-20 / 127, 20 / 127], [-1, 1]]);
  assert.deepEqual(line.waveColumns(wave, 1, 0, 4), [[-1, 1]]);
  assert.equal(line.waveColumns(wave, 3, 10, 1).length, 3);
});

// ---------------------------------------------------------------- review

test("review begins with what is uncertain, the shortest first", () => {
  const long = track({ id: "long", doubts: ["weak"], doubt: 0.9 });
  const short = track({ id: "short", doubts: ["short"], doubt: 0.5, keys: [[0, 0, 1, 1, 9, 9], [20, 0, 1, 1, 9, 9]] });
  const plain = track({ id: "plain", doubts: ["cut"], doubt: 0.05 });
  const done = track({ id: "done", doubt: 0.4, reviewed: true });
  const drawn = track({ id: "drawn", origin: "person", doubt: 1 });
  const part = withTracks(long, short, plain, done, drawn).parts.get("p");
  assert.deepEqual(review.reviewOrder(part, times, false).map((one) => one.id), ["short", "long"]);
  assert.deepEqual(review.reviewOrder(part, times, true).map((one) => one.id), ["short", "long", "plain"]);
  assert.deepEqual(review.reviewCount(part, false), { done: 1, sum: 3 });
  assert.deepEqual(review.reviewCount(part, true), { done: 1, sum: 4 });
});

test("a track is shown where it is largest and in the picture", () => {
  const one = track({ keys: [[0, 0, 0, 0, 20, 20], [50, 0, 0, 0, 90, 90], [100, 0, 1200, 0, 2200, 700]] });
  assert.equal(review.tellingTime(one, picture), 100);
  assert.equal(review.tellingTime(track({ keys: [[0, 0, 0, 0, 20, 20], [9, 0, 5000, 0, 9000, 900]] }), picture), 0);
});

test("seconds that were watched are counted once", () => {
  let runs = [];
  for (const second of [3, 4, 5, 9, 1, 2, 4, 8]) runs = review.watchedWith(runs, second);
  assert.deepEqual(runs, [[1, 5], [8, 9]]);
  assert.equal(review.watchedSeconds(runs), 7);
  assert.equal(review.watchedWith(runs, 4), runs);
  assert.deepEqual(review.mergedRuns([[1, 5], [8, 9]], [[6, 7], [20, 20]]), [[1, 9], [20, 20]]);
});

// ---------------------------------------------------------------- keys

test("keys", () => {
  const press = (key, more = {}, state = {}) =>
    keys.wishOf({ key, shiftKey: false, ctrlKey: false, metaKey: false, altKey: false, ...more }, { selected: false, review: false, ...state });
  assert.deepEqual(press("ArrowLeft"), { act: "seek", value: -5 });
  assert.deepEqual(press("ArrowLeft", {}, { selected: true }), { act: "nudge", x: -2, y: 0, whole: false });
  assert.deepEqual(press("ArrowDown", { shiftKey: true, altKey: true }, { selected: true }), { act: "nudge", x: 0, y: 20, whole: true });
  assert.equal(press("ArrowUp"), null);
  assert.deepEqual(press("z", { ctrlKey: true }), { act: "undo" });
  assert.deepEqual(press("Z", { ctrlKey: true, shiftKey: true }), { act: "redo" });
  assert.deepEqual(press("z", { metaKey: true }), { act: "undo" });
  assert.equal(press("f", { ctrlKey: true }), null, "the browser's own");
  assert.deepEqual(press("n", {}, { review: true }), { act: "show" });
  assert.equal(press("n"), null);
  assert.deepEqual(press(" ", {}, { review: true }), { act: "around" });
  assert.deepEqual(press("{", { shiftKey: true }, { selected: true }), { act: "widen", value: -20, whole: false });
  assert.deepEqual(press("B"), { act: "tool-box" });
  const element = (selector) => ({ isContentEditable: false, matches: (list) => list.split(",").some((one) => one.trim() === selector || (selector === "input" && one.trim().startsWith("input:not"))) });
  assert.equal(keys.isTaken(element("input"), { key: "b" }), true);
  assert.equal(keys.isTaken(element("button"), { key: " " }), true);
  assert.equal(keys.isTaken(element("button"), { key: "b" }), false);
  assert.equal(keys.isTaken(null, { key: "b" }), false);
});

// ---------------------------------------------------------------- words

test("a line is as the server keeps it", () => {
  assert.equal(acts.plain("  Karen\u00a0Holloway\t\u200b!\n", 200), "Karen Holloway !");
  assert.equal(acts.plain("a\u{1f600}b", 2), "a\u{1f600}"); // never half a letter
  assert.equal(acts.plain("x".repeat(300), 190).length, 190);
});

test("rules of one citation are told from each other", () => {
  const rule = (key, words, citation = "§ 1") => ({ key, words, citation, applies: false });
  const known = [
    rule("a", "A record may be withheld where it would reveal the identity of an informant."),
    rule("b", "A record may be withheld where it would reveal arrest records of a juvenile."),
    rule("c", "A record may be withheld where it would reveal the name of a victim.", "§ 2"),
    rule("d", "Short.", "§ 1"),
  ];
  assert.equal(telling(known[0], known), "… the identity of an informant.");
  assert.equal(telling(known[1], known), "… arrest records of a juvenile.");
  assert.equal(telling(known[2], known), known[2].words);
  assert.equal(telling(known[3], known), "Short.");
});

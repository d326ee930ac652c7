// @ts-check
/** The timeline: an overview of everything, pictures, tracks in lanes, sound. Only what is in sight is drawn. */

import { firstOf, lastOf } from "./document-state.js";
import { SUNKEN, prepared } from "./look.js";
import { Peaks } from "./peaks.js";
import { LANE, drawHead, drawLanes, drawOverview, drawRuler, drawSound, drawStrip } from "./timeline-drawing.js";
import * as state from "./timeline-state.js";
import { trim } from "./track-acts.js";

/** @typedef {import("./document-state.js").Span} Span */
/** @typedef {import("./document-state.js").Track} Track */
/** @typedef {import("./editor.js").Editor} Editor */
/** @typedef {import("./timeline-state.js").View} View */
/** Where the rows stand, in pixels from above. @typedef {{overview: number, ruler: number, strip: number, lanes: number, sound: number, bottom: number}} Rows */
/**
 * What the hand is doing. @typedef {{kind: "scrub"} | {kind: "overview", grip: number} | {kind: "trim", track: Track, which: "begin" | "end", at: number}
 *   | {kind: "sound", span: Span | null, edge: "begin" | "until" | "both", from: number, at: number}} Hold
 */

const EDGE = 6;

export class Timeline {
  /** @param {Editor} editor */
  constructor(editor) {
    this.editor = editor;
    this.line = editor.piece("line");
    this.canvas = /** @type {HTMLCanvasElement} */ (editor.piece("timeline"));
    /** @type {View} */
    this.view = { from: 0, span: 1, width: 1, length: 1 };
    /** @type {state.Lane[]} */
    this.lanes = [];
    this.scroll = 0;
    /** @type {HTMLImageElement | null} */
    this.sheet = null;
    /** @type {import("../recording/player-state.js").Wave | null} */
    this.wave = null;
    this.peaks = new Peaks(() => editor.redraw());
    /** @type {Hold | null} */
    this.hold = null;
    this.lanesOf = /** @type {ReadonlyMap<string, Track> | null} */ (null);
    this.density = state.density([], editor.emptyTimes, 1, 1);
    const on = (/** @type {string} */ name, /** @type {(event: any) => void} */ act) => editor.on(this.line, name, act);
    on("pointerdown", (event) => this.pressed(event));
    on("pointermove", (event) => this.dragged(event));
    on("pointerup", (event) => this.released(event));
    on("pointercancel", () => (this.hold = null));
    on("dblclick", (event) => this.closer(event));
    editor.on(this.line, "wheel", (event) => this.wheel(event), { passive: false });
    new ResizeObserver(() => this.resized()).observe(this.line);
  }

  /** Another part. */
  open() {
    const { part } = this.editor;
    this.view = state.whole(this.line.clientWidth || 1, part.duration);
    this.scroll = 0;
    this.sheet = null;
    this.wave = null;
    this.peaks.open(part.sound ? part.src : "");
    this.lanesOf = null;
    if (part.strip) {
      const sheet = new Image();
      sheet.onload = () => {
        if (this.editor.part !== part) return;
        this.sheet = sheet;
        this.editor.redraw();
      };
      sheet.src = part.strip.src;
    }
    if (part.wave) void this.#loadWave(part.wave, part);
  }

  /** @param {string} address @param {import("./editor.js").PartInfo} part */
  async #loadWave(address, part) {
    try {
      const answer = await fetch(address);
      if (answer.ok && this.editor.part === part) this.wave = await answer.json();
    } catch {
      // Without its shape the lane of the sound stays a line; spans can be set all the same.
    }
    this.editor.redraw();
  }

  resized() {
    this.view = state.settled({ ...this.view, width: this.line.clientWidth || 1 });
    this.editor.redraw();
  }

  /** Lanes follow from the tracks alone: put together again only when these are others. */
  #arrange() {
    const { editor } = this;
    const tracks = editor.here.tracks;
    if (this.lanesOf === tracks) return;
    this.lanesOf = tracks;
    this.lanes = state.lanesOf(tracks.values(), editor.times);
    this.density = state.density(tracks.values(), editor.times, 600, editor.part.duration);
  }

  /** @returns {Rows} */
  rows() {
    const height = this.line.clientHeight;
    const [strip, sound] = [this.editor.part.strip && height > 150 ? 34 : 0, this.editor.part.sound ? (height > 150 ? 46 : 34) : 0];
    const overview = 12;
    return { overview: 0, ruler: overview, strip: overview + 18, lanes: overview + 18 + strip, sound: height - sound, bottom: height };
  }

  /** @param {number} seconds */
  x(seconds) {
    return state.placeOf(this.view, seconds);
  }

  // ---------------------------------------------------------------- drawing

  draw() {
    const drawn = prepared(this.canvas);
    const { editor } = this;
    if (!drawn || !editor.ready) return;
    this.#arrange();
    const { pen, width } = drawn;
    const rows = this.rows();
    pen.fillStyle = SUNKEN;
    pen.fillRect(0, 0, width, rows.bottom);
    drawOverview(this, pen, width);
    drawRuler(this, pen, width, rows);
    if (rows.lanes > rows.strip) drawStrip(this, pen, width, rows);
    drawLanes(this, pen, width, rows);
    if (rows.bottom > rows.sound) drawSound(this, pen, width, rows);
    drawHead(this, pen, rows);
  }

  // ---------------------------------------------------------------- the hand

  /** @param {MouseEvent} event */
  #point(event) {
    const box = this.line.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  }

  /** @param {PointerEvent} event */
  pressed(event) {
    const { editor } = this;
    if (event.button !== 0 || !editor.ready) return;
    this.line.focus({ preventScroll: true });
    this.line.setPointerCapture(event.pointerId);
    const { x, y } = this.#point(event);
    const rows = this.rows();
    if (y < rows.ruler) {
      const at = (x / this.view.width) * this.view.length;
      const inside = at >= this.view.from && at <= this.view.from + this.view.span;
      this.hold = { kind: "overview", grip: inside ? at - this.view.from : this.view.span / 2 };
      this.dragged(event);
    } else if (y >= rows.sound && rows.bottom > rows.sound) this.#takeSound(x);
    else if (y >= rows.lanes) this.#takeBar(event, x, y, rows);
    else this.#scrub(x);
  }

  /** @param {number} x */
  #scrub(x) {
    this.hold = { kind: "scrub" };
    this.editor.stage.seek(state.secondsAt(this.view, x));
  }

  /** @param {PointerEvent} event @param {number} x @param {number} y @param {Rows} rows */
  #takeBar(event, x, y, rows) {
    const { editor } = this;
    const slack = (EDGE / this.view.width) * this.view.span;
    const seconds = state.secondsAt(this.view, x);
    const bar = state.barAt(this.lanes, Math.floor((y - rows.lanes - 2 + this.scroll) / LANE), seconds, slack);
    if (!bar) {
      this.#scrub(x);
      return;
    }
    const { track } = bar;
    const only = editor.selected.has(track.id) && editor.selected.size === 1 && !editor.readOnly;
    if (only && Math.abs(seconds - bar.begin) <= slack) this.hold = { kind: "trim", track, which: "begin", at: firstOf(track) };
    else if (only && Math.abs(seconds - bar.end) <= slack) this.hold = { kind: "trim", track, which: "end", at: lastOf(track) };
    else if (event.shiftKey || event.ctrlKey || event.metaKey) {
      editor.select(editor.selected.has(track.id) ? [...editor.selected].filter((id) => id !== track.id) : [...editor.selected, track.id]);
    } else {
      editor.select([track.id]);
      editor.stage.seek(Math.min(Math.max(seconds, bar.begin), bar.end - 0.001));
    }
  }

  /** @param {number} x */
  #takeSound(x) {
    const { editor } = this;
    const milliseconds = Math.round(state.secondsAt(this.view, x) * 1000);
    const slack = (EDGE / this.view.width) * this.view.span * 1000;
    const found = state.spanAt(editor.here.spans.values(), milliseconds, slack);
    editor.sound.choose(found?.span.id ?? null);
    this.hold = { kind: "sound", span: found?.span ?? null, edge: found?.edge ?? (found ? "both" : "until"), from: milliseconds, at: milliseconds };
    editor.redraw();
  }

  /** Where a span would lie now. @param {Extract<Hold, {kind: "sound"}>} hold */
  heldSpan({ span, edge, from, at }) {
    const { begin, until } = span ?? { begin: from, until: at };
    const length = Math.round(this.editor.part.duration * 1000);
    if (edge === "begin") return { begin: Math.max(0, Math.min(at, until - 20)), until };
    if (edge === "until") return { begin, until: Math.min(length, Math.max(at, begin + 20)) };
    const by = Math.min(Math.max(at - from, -begin), length - until);
    return { begin: begin + by, until: until + by };
  }

  /** @param {PointerEvent} event */
  dragged(event) {
    const { hold, editor } = this;
    if (!editor.ready) return;
    const { x } = this.#point(event);
    if (!hold) {
      this.#hint(event);
      return;
    }
    if (hold.kind === "overview") {
      this.view = state.settled({ ...this.view, from: (x / this.view.width) * this.view.length - hold.grip });
      editor.redraw();
    } else if (hold.kind === "scrub") editor.stage.seek(state.secondsAt(this.view, x));
    else if (hold.kind === "trim") {
      const frame = editor.times.shownAt(state.secondsAt(this.view, x));
      hold.at = editor.times.at(frame);
      editor.stage.show(frame);
    } else {
      hold.at = Math.round(Math.min(Math.max(0, state.secondsAt(this.view, x)), editor.part.duration) * 1000);
      editor.redraw();
    }
  }

  /** Say by the cursor what can be taken hold of. @param {PointerEvent} event */
  #hint(event) {
    const { x, y } = this.#point(event);
    const rows = this.rows();
    let cursor = "crosshair";
    if (y >= rows.sound && rows.bottom > rows.sound) {
      const slack = (EDGE / this.view.width) * this.view.span * 1000;
      const found = state.spanAt(this.editor.here.spans.values(), state.secondsAt(this.view, x) * 1000, slack);
      cursor = found ? (found.edge ? "ew-resize" : "grab") : "text";
    } else if (y >= rows.lanes) {
      const slack = (EDGE / this.view.width) * this.view.span;
      const seconds = state.secondsAt(this.view, x);
      const bar = state.barAt(this.lanes, Math.floor((y - rows.lanes - 2 + this.scroll) / LANE), seconds, slack);
      const edge = bar && (Math.abs(seconds - bar.begin) <= slack || Math.abs(seconds - bar.end) <= slack);
      if (bar) cursor = edge && this.editor.selected.has(bar.track.id) ? "ew-resize" : "pointer";
    }
    this.line.style.cursor = cursor;
  }

  /** @param {PointerEvent} _event */
  released(_event) {
    const { hold, editor } = this;
    this.hold = null;
    if (hold?.kind === "trim") {
      const moved = hold.at !== (hold.which === "begin" ? firstOf(hold.track) : lastOf(hold.track));
      if (moved) editor.commit(editor.word("trimmed"), trim(hold.track, hold.at, hold.which));
    } else if (hold?.kind === "sound") {
      const { begin, until } = this.heldSpan(hold);
      if (hold.span) {
        if (begin !== hold.span.begin || until !== hold.span.until) editor.sound.change(hold.span, { begin, until });
        else editor.stage.seek(hold.at / 1000);
      } else if (Math.abs(hold.at - hold.from) >= 80) {
        editor.sound.add(Math.min(hold.from, hold.at), Math.max(hold.from, hold.at));
      } else editor.stage.seek(hold.at / 1000);
    }
    editor.redraw();
  }

  /** @param {MouseEvent} event */
  closer(event) {
    const { x, y } = this.#point(event);
    const rows = this.rows();
    if (y < rows.lanes || y >= rows.sound) return;
    const bar = state.barAt(this.lanes, Math.floor((y - rows.lanes - 2 + this.scroll) / LANE), state.secondsAt(this.view, x), 0.05);
    if (bar) this.lookAt(bar.begin, bar.end);
  }

  /** @param {WheelEvent} event */
  wheel(event) {
    event.preventDefault();
    const { x, y } = this.#point(event);
    const rows = this.rows();
    const over = this.lanes.length * LANE + 4 > rows.sound - rows.lanes && y >= rows.lanes && y < rows.sound;
    if (event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY)) {
      const by = event.deltaX || event.deltaY;
      this.view = state.panned(this.view, (by / this.view.width) * this.view.span);
    } else if (over && !event.ctrlKey) this.scroll += event.deltaY;
    else this.view = state.zoomed(this.view, Math.exp(event.deltaY / 400), x);
    this.editor.redraw();
  }

  // ---------------------------------------------------------------- from elsewhere

  /** @param {number} factor */
  zoom(factor) {
    const head = this.x(this.editor.seconds);
    this.view = state.zoomed(this.view, factor, head >= 0 && head <= this.view.width ? head : this.view.width / 2);
    this.editor.redraw();
  }

  zoomAll() {
    this.view = state.whole(this.view.width, this.view.length);
    this.editor.redraw();
  }

  /** @param {number} begin @param {number} end Seconds. */
  lookAt(begin, end) {
    this.view = state.around(this.view, begin, end);
    this.editor.redraw();
  }

  /** Keep the place in sight, and the lane of what is chosen. */
  follow() {
    if (!this.hold) this.view = state.showing(this.view, this.editor.seconds);
  }

  /** Bring the lane of a track into sight. @param {string} id */
  reveal(id) {
    this.#arrange();
    const number = this.lanes.findIndex((lane) => lane.bars.some((bar) => bar.track.id === id));
    if (number < 0) return;
    const rows = this.rows();
    const [top, room] = [number * LANE, rows.sound - rows.lanes - LANE];
    if (top < this.scroll) this.scroll = top;
    else if (top > this.scroll + room) this.scroll = top - room + 4;
  }
}

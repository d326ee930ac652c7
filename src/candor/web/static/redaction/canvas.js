// @ts-check
/** Boxes over the picture: drawing them, taking hold of them, drawing new ones; and how the copy will look. */

import { trackAt } from "./document-state.js";
import { GROUND, HEAD, INK, LOOKS, hatch, prepared } from "./look.js";
import { HANDLES, boxOf, drawnTrack, handlePlace, moved, reshape, tenths, trackUnder } from "./track-acts.js";

/** @typedef {import("./document-state.js").Track} Track */
/** @typedef {import("./editor.js").Editor} Editor */
/** @typedef {import("./track-acts.js").Edges} Edges */
/** @typedef {{x: number, y: number}} Point */
/**
 * What the hand is doing. @typedef {{kind: "move", track: Track, edges: Edges, from: Point, by: Edges, going: boolean}
 *   | {kind: "draw", from: Point, to: Point} | {kind: "corner", track: Track, corner: number, to: Point} | {kind: "pan", at: Point}} Hold
 */

/** Cells of a mosaic along the longer side: what a copy has at most. */
const CELLS = 7;
/** Pixels of the page within which a handle is taken, by the mouse and by a finger. */
const GRIP = { mouse: 9, touch: 22 };

export class Canvas {
  /** @param {Editor} editor */
  constructor(editor) {
    this.editor = editor;
    this.canvas = /** @type {HTMLCanvasElement} */ (editor.piece("canvas"));
    /** @type {Hold | null} */
    this.hold = null;
    /** @type {Point[]} Corners of a polygon that is being drawn. */
    this.corners = [];
    this.pointer = /** @type {Point | null} */ (null);
    this.small = document.createElement("canvas");
    const on = (/** @type {string} */ name, /** @type {(event: any) => void} */ act) => editor.on(this.canvas, name, act);
    on("pointerdown", (event) => this.pressed(event));
    on("pointermove", (event) => this.dragged(event));
    on("pointerup", (event) => this.released(event));
    on("pointercancel", () => this.leave());
    on("dblclick", () => this.closePolygon());
    editor.on(this.canvas, "wheel", (event) => this.wheel(event), { passive: false });
  }

  // ---------------------------------------------------------------- what is there

  /** Tracks in the picture that is shown, those under the hand as they are being changed. @returns {{track: Track, numbers: number[]}[]} */
  shown() {
    const { editor } = this;
    const found = [];
    for (const track of editor.here.tracks.values()) {
      const numbers = trackAt(track, editor.time);
      if (numbers) found.push({ track, numbers: this.#held(track, numbers) });
    }
    return found;
  }

  /** @param {Track} track @param {number[]} numbers */
  #held(track, numbers) {
    const { hold } = this;
    if (hold?.kind === "move" && hold.track.id === track.id) return moved(track.shape, numbers, hold.by);
    if (hold?.kind === "corner" && hold.track.id === track.id) {
      return numbers.map((one, at) => (at >> 1 === hold.corner ? (at % 2 ? hold.to.y : hold.to.x) : one));
    }
    return numbers;
  }

  // ---------------------------------------------------------------- drawing

  draw() {
    const drawn = prepared(this.canvas);
    const { editor } = this;
    if (!drawn || !editor.ready || !editor.part.picture) return;
    const { pen } = drawn;
    const place = editor.stage.whereIs();
    const shown = this.shown();
    if (editor.preview) this.#drawCopy(pen, place, shown);
    else if (editor.outlines) {
      this.#drawVeil(pen, place, shown);
      for (const one of shown) this.#drawTrack(pen, place, one);
      for (const box of editor.here.overlay ? editor.here.overlay_boxes : []) this.#drawOverlay(pen, place, box);
    }
    this.#drawNew(pen, place);
  }

  /** A box of the original on the page. @param {import("./stage.js").Place} place @param {readonly number[]} box */
  #onPage({ x, y, scale }, [left, top, right, bottom]) {
    const across = scale * this.editor.stage.shape.stretch;
    return { left: x + left * across, top: y + top * scale, wide: (right - left) * across, high: (bottom - top) * scale };
  }

  /** @param {CanvasRenderingContext2D} pen @param {import("./stage.js").Place} place @param {Track} track @param {readonly number[]} numbers */
  #trace(pen, place, track, numbers) {
    const { left, top, wide, high } = this.#onPage(place, boxOf(track.shape, numbers, this.editor.part.picture));
    pen.beginPath();
    if (track.shape === "ellipse") pen.ellipse(left + wide / 2, top + high / 2, Math.abs(wide / 2), Math.abs(high / 2), 0, 0, 7);
    else if (track.shape === "polygon") {
      const across = place.scale * this.editor.stage.shape.stretch;
      for (let at = 0; at + 1 < numbers.length; at += 2) pen.lineTo(place.x + numbers[at] * across, place.y + numbers[at + 1] * place.scale);
      pen.closePath();
    } else pen.rect(left, top, wide, high);
    return { left, top, wide, high };
  }

  /** Show only: what will not be seen lies in the dark. @param {CanvasRenderingContext2D} pen @param {import("./stage.js").Place} place @param {{track: Track, numbers: number[]}[]} shown */
  #drawVeil(pen, place, shown) {
    if (this.editor.here.mode !== "show-only") return;
    const { width, height } = this.editor.part.picture;
    pen.save();
    pen.fillStyle = "rgb(0 0 0 / 68%)";
    const { left, top, wide, high } = this.#onPage(place, [0, 0, width, height]);
    pen.fillRect(left, top, wide, high);
    pen.globalCompositeOperation = "destination-out";
    pen.fillStyle = "#000";
    for (const { track, numbers } of shown.filter((one) => !one.track.hidden)) {
      this.#trace(pen, place, track, numbers);
      pen.fill();
    }
    pen.restore();
  }

  /** @param {CanvasRenderingContext2D} pen @param {import("./stage.js").Place} place @param {{track: Track, numbers: number[]}} one */
  #drawTrack(pen, place, { track, numbers }) {
    const { editor } = this;
    const [chosen, { colour, dash }] = [editor.selected.has(track.id), LOOKS[track.kind]];
    const box = this.#trace(pen, place, track, numbers);
    pen.save();
    if (track.hidden) {
      pen.globalAlpha = chosen ? 0.34 : 0.24;
      pen.fillStyle = track.shape === "whole" ? hatch(pen, colour) : colour;
      pen.fill();
      pen.globalAlpha = 1;
    }
    pen.setLineDash([]);
    pen.strokeStyle = "rgb(0 0 0 / 60%)";
    pen.lineWidth = chosen ? 4.5 : 3.5;
    pen.stroke();
    pen.setLineDash(track.hidden ? dash : [2, 5]);
    pen.strokeStyle = colour;
    pen.lineWidth = chosen ? 2.5 : 1.5;
    pen.stroke();
    pen.restore();
    this.#drawTag(pen, box, track, chosen);
    if (chosen && !editor.readOnly && editor.selected.size === 1) this.#drawHandles(pen, place, track, numbers);
  }

  /** @param {CanvasRenderingContext2D} pen @param {{left: number, top: number, wide: number, high: number}} box @param {Track} track @param {boolean} chosen */
  #drawTag(pen, box, track, chosen) {
    const { editor } = this;
    const letter = editor.letter(track.kind);
    const words = chosen ? editor.nameOf(track) : (track.hidden ? letter : `(${letter})`) + (editor.uncertain(track) ? " ?" : "");
    if (!chosen && box.wide < 14) return;
    pen.font = "600 11px system-ui, sans-serif";
    const wide = pen.measureText(words).width + 8;
    const [x, y] = [Math.max(0, box.left), Math.max(0, box.top - 16)];
    pen.fillStyle = chosen ? LOOKS[track.kind].colour : "rgb(9 14 16 / 82%)";
    pen.fillRect(x, y, wide, 16);
    pen.fillStyle = chosen ? "#06222a" : LOOKS[track.kind].colour;
    pen.textBaseline = "middle";
    pen.fillText(words, x + 4, y + 8.5);
  }

  /** @param {CanvasRenderingContext2D} pen @param {import("./stage.js").Place} place @param {Track} track @param {number[]} numbers */
  #drawHandles(pen, place, track, numbers) {
    pen.fillStyle = HEAD;
    pen.strokeStyle = GROUND;
    pen.lineWidth = 1;
    for (const { x, y } of this.#grips(place, track, numbers)) {
      pen.beginPath();
      pen.rect(x - 4, y - 4, 8, 8);
      pen.fill();
      pen.stroke();
    }
  }

  /** Where a track is taken hold of, on the page. @param {import("./stage.js").Place} place @param {Track} track @param {number[]} numbers @returns {(Point & {edges: Edges | null, corner: number})[]} */
  #grips(place, track, numbers) {
    if (track.shape === "whole") return [];
    const across = place.scale * this.editor.stage.shape.stretch;
    const onPage = (/** @type {Point} */ at) => ({ x: place.x + at.x * across, y: place.y + at.y * place.scale });
    if (track.shape === "polygon") {
      return [...Array(numbers.length / 2).keys()].map((corner) => ({
        ...onPage({ x: numbers[2 * corner], y: numbers[2 * corner + 1] }), edges: null, corner,
      })); // prettier-ignore
    }
    return HANDLES.map((edges) => ({ ...onPage(handlePlace(edges, numbers)), edges, corner: -1 }));
  }

  /** @param {CanvasRenderingContext2D} pen @param {import("./stage.js").Place} place @param {number[]} box */
  #drawOverlay(pen, place, box) {
    const { left, top, wide, high } = this.#onPage(place, box);
    pen.save();
    pen.setLineDash([4, 4]);
    pen.strokeStyle = INK;
    pen.strokeRect(left, top, wide, high);
    pen.fillStyle = hatch(pen, INK);
    pen.fillRect(left, top, wide, high);
    pen.restore();
  }

  /** What is being drawn. @param {CanvasRenderingContext2D} pen @param {import("./stage.js").Place} place */
  #drawNew(pen, place) {
    const { hold, editor } = this;
    const shape = editor.tool;
    pen.strokeStyle = HEAD;
    pen.lineWidth = 2;
    if (hold?.kind === "draw") {
      const track = { shape: shape === "ellipse" ? "ellipse" : "box" };
      this.#trace(pen, place, /** @type {Track} */ (track), boxBetween(hold.from, hold.to));
      pen.stroke();
    }
    if (!this.corners.length) return;
    const across = place.scale * editor.stage.shape.stretch;
    pen.beginPath();
    for (const { x, y } of [...this.corners, ...(this.pointer ? [this.pointer] : [])]) pen.lineTo(place.x + x * across, place.y + y * place.scale);
    pen.stroke();
    for (const { x, y } of this.corners) pen.fillRect(place.x + x * across - 3, place.y + y * place.scale - 3, 6, 6);
  }

  // ---------------------------------------------------------------- how the copy will look

  /** @param {CanvasRenderingContext2D} pen @param {import("./stage.js").Place} place @param {{track: Track, numbers: number[]}[]} shown */
  #drawCopy(pen, place, shown) {
    const { editor } = this;
    const { width, height } = editor.part.picture;
    if (editor.here.mode === "show-only") {
      const { left, top, wide, high } = this.#onPage(place, [0, 0, width, height]);
      pen.save();
      pen.beginPath();
      pen.rect(left, top, wide, high);
      pen.fillStyle = "#000";
      pen.fill();
      pen.globalCompositeOperation = "destination-out";
      for (const { track, numbers } of shown.filter((one) => !one.track.hidden)) {
        this.#trace(pen, place, track, numbers);
        pen.fill();
      }
      pen.restore();
    }
    for (const { track, numbers } of editor.here.mode === "hide" ? shown : []) {
      if (track.hidden) this.#hide(pen, place, track, numbers);
    }
    pen.fillStyle = "#000";
    for (const box of editor.here.overlay ? editor.here.overlay_boxes : []) {
      const { left, top, wide, high } = this.#onPage(place, box);
      pen.fillRect(left, top, wide, high);
    }
  }

  /** @param {CanvasRenderingContext2D} pen @param {import("./stage.js").Place} place @param {Track} track @param {number[]} numbers */
  #hide(pen, place, track, numbers) {
    const { editor, small } = this;
    const style = track.style ?? editor.doc.style;
    pen.save();
    const { left, top, wide, high } = this.#trace(pen, place, track, numbers);
    pen.clip();
    pen.fillStyle = "#000";
    pen.fillRect(left, top, wide, high);
    const media = editor.stage.media;
    if (style !== "solid" && media.readyState >= 2 && wide > 0 && high > 0) {
      const { width, height } = editor.part.picture;
      const [x0, y0, x1, y1] = boxOf(track.shape, numbers, editor.part.picture);
      const [acrossBy, downBy] = [media.videoWidth / width, media.videoHeight / height];
      const along = CELLS / Math.max(wide, high);
      small.width = Math.max(1, Math.round(wide * along));
      small.height = Math.max(1, Math.round(high * along));
      const brush = small.getContext("2d");
      if (brush) {
        brush.imageSmoothingQuality = "high";
        brush.drawImage(media, x0 * acrossBy, y0 * downBy, (x1 - x0) * acrossBy, (y1 - y0) * downBy, 0, 0, small.width, small.height);
        pen.imageSmoothingEnabled = style === "blur";
        pen.drawImage(small, left, top, wide, high);
      }
    }
    pen.restore();
  }

  // ---------------------------------------------------------------- the hand

  /** @param {MouseEvent} event @returns {Point & {screenX: number, screenY: number}} */
  #point(event) {
    const box = this.canvas.getBoundingClientRect();
    const [screenX, screenY] = [event.clientX - box.left, event.clientY - box.top];
    return { ...this.editor.stage.toPicture(screenX, screenY), screenX, screenY };
  }

  /** @param {PointerEvent} event */
  pressed(event) {
    const { editor } = this;
    if (!editor.ready || !editor.part.picture) return;
    const point = this.#point(event);
    if (event.button === 1 || (event.button === 0 && event.altKey)) {
      this.hold = { kind: "pan", at: { x: event.clientX, y: event.clientY } };
      this.canvas.setPointerCapture(event.pointerId);
      event.preventDefault();
      return;
    }
    if (event.button !== 0) return;
    if (document.activeElement instanceof HTMLElement) document.activeElement.blur();
    this.canvas.setPointerCapture(event.pointerId);
    if (editor.tool === "polygon") this.#corner(point);
    else if (editor.tool !== "select") this.hold = { kind: "draw", from: point, to: point };
    else this.#take(event, point);
    editor.redraw();
  }

  /** @param {PointerEvent} event @param {Point & {screenX: number, screenY: number}} point */
  #take(event, point) {
    const { editor } = this;
    const slack = GRIP[event.pointerType === "touch" ? "touch" : "mouse"];
    const shown = this.shown();
    const only = editor.selected.size === 1 ? shown.find((one) => editor.selected.has(one.track.id)) : null;
    if (only && !editor.readOnly) {
      const near = this.#grips(editor.stage.whereIs(), only.track, only.numbers)
        .map((grip) => ({ grip, away: Math.hypot(grip.x - point.screenX, grip.y - point.screenY) }))
        .sort((a, b) => a.away - b.away)[0];
      if (near && near.away <= slack) {
        const { edges, corner } = near.grip;
        this.hold = edges
          ? { kind: "move", track: only.track, edges, from: point, by: [0, 0, 0, 0], going: false }
          : { kind: "corner", track: only.track, corner, to: point };
        if (editor.stage.playing) editor.stage.media.pause();
        return;
      }
    }
    const track = trackUnder(shown, point.x, point.y, 3 / editor.stage.whereIs().scale, editor.part.picture);
    if (!track) {
      if (!event.shiftKey && !event.ctrlKey && !event.metaKey) editor.select([]);
      if (event.pointerType === "touch" && editor.stage.zoom > 1) this.hold = { kind: "pan", at: { x: event.clientX, y: event.clientY } };
      return;
    }
    if (event.shiftKey || event.ctrlKey || event.metaKey) {
      editor.select(editor.selected.has(track.id) ? [...editor.selected].filter((id) => id !== track.id) : [...editor.selected, track.id]);
      return;
    }
    if (!editor.selected.has(track.id) || editor.selected.size > 1) editor.select([track.id]);
    if (!editor.readOnly) this.hold = { kind: "move", track, edges: [1, 1, 1, 1], from: point, by: [0, 0, 0, 0], going: false };
  }

  /** @param {PointerEvent} event */
  dragged(event) {
    const { hold, editor } = this;
    if (!editor.ready || !editor.part.picture) return;
    const point = this.#point(event);
    this.pointer = point;
    if (!hold) {
      if (this.corners.length) editor.redraw();
      return;
    }
    if (hold.kind === "pan") {
      editor.stage.pan(event.clientX - hold.at.x, event.clientY - hold.at.y);
      hold.at = { x: event.clientX, y: event.clientY };
      return;
    }
    if (hold.kind === "move") {
      const [x, y] = [point.x - hold.from.x, point.y - hold.from.y];
      const { scale } = editor.stage.whereIs();
      // A click that shakes does not move anything.
      if (!hold.going && Math.hypot(x, y) * scale < 3) return;
      if (!hold.going && editor.stage.playing) editor.stage.media.pause();
      hold.going = true;
      hold.by = [hold.edges[0] * x, hold.edges[1] * y, hold.edges[2] * x, hold.edges[3] * y];
    } else hold.to = point;
    editor.redraw();
  }

  /** @param {PointerEvent} event */
  released(event) {
    const { hold, editor } = this;
    this.hold = null;
    if (!hold) return;
    if (hold.kind === "move" && hold.going) {
      editor.commit(editor.word(hold.edges.every(Boolean) ? "moved" : "resized"), reshape(hold.track, editor.time, hold.by, editor.reach));
    } else if (hold.kind === "corner") {
      const numbers = trackAt(hold.track, editor.time);
      if (numbers) {
        numbers[2 * hold.corner] = hold.to.x;
        numbers[2 * hold.corner + 1] = hold.to.y;
        const keys = [[editor.time, 0, ...tenths(numbers)]];
        editor.commit(editor.word("resized"), [{ act: "put-keys", part: hold.track.part, id: hold.track.id, keys, drop: [] }]);
      }
    } else if (hold.kind === "draw") this.#drawn(hold.from, this.#point(event));
    editor.redraw();
  }

  /** @param {Point} from @param {Point} to */
  #drawn(from, to) {
    const { editor } = this;
    const box = boxBetween(from, to);
    if (box[2] - box[0] < 6 || box[3] - box[1] < 6) return;
    this.place(editor.tool === "ellipse" ? "ellipse" : "box", box);
  }

  /** Something new, from the picture shown on for as long as was chosen. @param {"box" | "ellipse" | "polygon"} shape @param {readonly number[]} numbers */
  place(shape, numbers) {
    const { editor } = this;
    if (editor.readOnly) return;
    const until = editor.times.at(editor.times.shownAt(editor.seconds + editor.drawnFor));
    const track = drawnTrack({
      part: editor.part.part, shape, kind: editor.drawnKind, numbers, from: editor.time, until, exemption: editor.exempting.last,
    }); // prettier-ignore
    editor.commit(editor.word("drawn", { kind: editor.kindWord(track.kind) }), [{ act: "put-track", part: track.part, track }]);
    editor.setTool("select");
    editor.select([track.id]);
  }

  /** One in the middle, for whoever draws without a mouse. */
  placeInMiddle() {
    const { width, height } = this.editor.part.picture;
    const half = Math.max(12, Math.min(width, height) * 0.08);
    const [x, y] = [this.editor.stage.middle.x * width, this.editor.stage.middle.y * height];
    this.place(this.editor.tool === "ellipse" ? "ellipse" : "box", [x - half, y - half, x + half, y + half]);
  }

  /** @param {Point} point */
  #corner(point) {
    const { scale } = this.editor.stage.whereIs();
    const first = this.corners[0];
    if (first && this.corners.length > 2 && Math.hypot(first.x - point.x, first.y - point.y) * scale < 12) this.closePolygon();
    else this.corners.push({ x: point.x, y: point.y });
  }

  closePolygon() {
    // The second press of a double click set a corner where the first had.
    const corners = this.corners.filter((one, at, all) => !at || Math.hypot(one.x - all[at - 1].x, one.y - all[at - 1].y) > 1);
    this.corners = [];
    if (corners.length > 2) this.place("polygon", corners.flatMap(({ x, y }) => [x, y]));
    this.editor.redraw();
  }

  /** Let go of what was begun. @returns {boolean} Whether there was anything. */
  leave() {
    const was = Boolean(this.hold) || this.corners.length > 0;
    this.hold = null;
    this.corners = [];
    this.editor.redraw();
    return was;
  }

  /** @param {WheelEvent} event */
  wheel(event) {
    if (!this.editor.ready || !this.editor.part.picture || (!event.ctrlKey && this.editor.stage.zoom === 1)) return;
    event.preventDefault();
    const point = this.#point(event);
    if (event.ctrlKey) this.editor.stage.zoomBy(Math.exp(-event.deltaY / 240), point.screenX, point.screenY);
    else this.editor.stage.pan(-event.deltaX, -event.deltaY);
  }
}

/** @param {Point} from @param {Point} to */
function boxBetween(from, to) {
  return [Math.min(from.x, to.x), Math.min(from.y, to.y), Math.max(from.x, to.x), Math.max(from.y, to.y)];
}

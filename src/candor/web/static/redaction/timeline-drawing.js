// @ts-check
/** How the timeline looks: overview, ruler, pictures, tracks in lanes, sound, and where one is. Only what is in sight. */

import { ruler, tileAt, timeText } from "../recording/player-state.js";
import { DOUBT, GROUND, HEAD, INK, LINE, LOOKS, SOFT, SOUND, hatch } from "./look.js";
import * as state from "./timeline-state.js";

/** @typedef {import("./document-state.js").Span} Span */
/** @typedef {import("./document-state.js").Track} Track */
/** @typedef {import("./timeline.js").Rows} Rows */
/** @typedef {import("./timeline.js").Timeline} Timeline */

/** Pixels from one lane to the next. */
export const LANE = 17;

/** @param {Timeline} line @param {CanvasRenderingContext2D} pen @param {number} width */
export function drawOverview(line, pen, width) {
  const { counts, doubts } = line.density;
  const each = width / counts.length;
  pen.fillStyle = GROUND;
  pen.fillRect(0, 0, width, 12);
  const most = Math.max(1, ...counts);
  for (let at = 0; at < counts.length; at++) {
    if (!counts[at]) continue;
    pen.fillStyle = doubts[at] >= 0.2 ? DOUBT : SOFT;
    pen.globalAlpha = 0.35 + (0.65 * counts[at]) / most;
    pen.fillRect(at * each, 3, Math.max(1, each), 6);
  }
  pen.globalAlpha = 1;
  const { from, span, length } = line.view;
  pen.strokeStyle = INK;
  pen.lineWidth = 1;
  pen.strokeRect((from / length) * width + 0.5, 0.5, Math.max(3, (span / length) * width - 1), 11);
  pen.fillStyle = HEAD;
  pen.fillRect((line.editor.seconds / length) * width - 0.5, 0, 1.5, 12);
}

/** @param {Timeline} line @param {CanvasRenderingContext2D} pen @param {number} width @param {Rows} rows */
export function drawRuler(line, pen, width, rows) {
  const { from, span } = line.view;
  const { step } = ruler(span, Math.max(2, Math.floor(width / 90)));
  pen.font = "11px system-ui, sans-serif";
  pen.textBaseline = "middle";
  for (let at = Math.ceil(from / step) * step; at <= from + span; at += step) {
    const x = line.x(at);
    pen.fillStyle = LINE;
    pen.fillRect(x, rows.ruler, 1, rows.bottom - rows.ruler);
    pen.fillStyle = SOFT;
    pen.fillText(timeText(at, step < 1), x + 4, rows.ruler + 9.5);
  }
  // Close enough to see single pictures: a mark for each.
  const { times } = line.editor;
  const first = times.shownAt(from);
  const last = times.shownAt(from + span);
  if ((last - first) * 6 > width) return;
  pen.fillStyle = LINE;
  for (let frame = first; frame <= last; frame++) pen.fillRect(line.x(times.seconds(times.at(frame))), rows.ruler + 13, 1, 5);
}

/** @param {Timeline} line @param {CanvasRenderingContext2D} pen @param {number} width @param {Rows} rows */
export function drawStrip(line, pen, width, rows) {
  const { sheet, editor } = line;
  const strip = editor.part.strip;
  if (!sheet || !strip) return;
  const high = rows.lanes - rows.strip;
  const wide = high * (strip.tile_width / strip.tile_height);
  // Pictures keep their places in time, so that the strip moves along and does not flicker.
  const each = (wide / width) * line.view.span;
  for (let at = Math.floor(line.view.from / each) * each; at < line.view.from + line.view.span; at += each) {
    if (at >= editor.part.duration) break;
    const { x, y } = tileAt(strip, at + each / 2);
    pen.drawImage(sheet, x, y, strip.tile_width, strip.tile_height, line.x(at), rows.strip, wide, high - 2);
  }
}

/** @param {Timeline} line @param {CanvasRenderingContext2D} pen @param {number} width @param {Rows} rows */
export function drawLanes(line, pen, width, rows) {
  const room = rows.sound - rows.lanes;
  line.scroll = Math.min(Math.max(0, line.lanes.length * LANE + 4 - room), Math.max(0, line.scroll));
  const first = Math.floor(line.scroll / LANE);
  const last = Math.min(line.lanes.length - 1, Math.floor((line.scroll + room) / LANE));
  pen.save();
  pen.beginPath();
  pen.rect(0, rows.lanes, width, room);
  pen.clip();
  const slack = (2 / width) * line.view.span;
  for (let number = first; number <= last; number++) {
    const top = rows.lanes + 2 + number * LANE - line.scroll;
    const lane = line.lanes[number];
    let covered = -Infinity;
    for (const bar of state.barsIn(lane, line.view.from - slack, line.view.from + line.view.span + slack)) {
      const chosen = line.editor.selected.has(bar.track.id);
      const [left, right] = [line.x(bar.begin), line.x(bar.end)];
      // Far away many bars fall on one pixel: one of them is enough.
      if (!chosen && right <= covered) continue;
      drawBar(line, pen, bar.track, left, Math.max(right, left + 2), top, chosen);
      covered = Math.max(right, left + 2);
    }
  }
  pen.restore();
}

/** @param {Timeline} line @param {CanvasRenderingContext2D} pen @param {Track} track @param {number} left @param {number} right @param {number} top @param {boolean} chosen */
function drawBar(line, pen, track, left, right, top, chosen) {
  const { editor } = line;
  const { colour } = LOOKS[track.kind];
  const [wide, high] = [right - left, LANE - 3];
  if (track.hidden) {
    pen.globalAlpha = chosen ? 1 : 0.72;
    pen.fillStyle = colour;
    pen.fillRect(left, top, wide, high);
  } else {
    pen.fillStyle = hatch(pen, colour);
    pen.fillRect(left, top, wide, high);
    pen.strokeStyle = colour;
    pen.lineWidth = 1;
    if (wide > 3) pen.strokeRect(left + 0.5, top + 0.5, wide - 1, high - 1);
  }
  pen.globalAlpha = 1;
  if (editor.uncertain(track)) {
    pen.fillStyle = DOUBT;
    pen.fillRect(left, top + high - 3, wide, 3);
  }
  // A chosen bar shows where its places are set; its name stands beside and over the picture.
  const beads = chosen && track.keys.length <= wide / 3; // closer together nobody could tell them apart
  if (wide > 20 && !beads) {
    pen.font = "600 11px system-ui, sans-serif";
    pen.textBaseline = "middle";
    pen.fillStyle = track.hidden ? "#06222a" : colour;
    const words = wide > 120 ? editor.nameOf(track) : editor.letter(track.kind);
    pen.save();
    pen.beginPath();
    pen.rect(left, top, wide - 3, high);
    pen.clip();
    pen.fillText(words, Math.max(left, 0) + 4, top + high / 2 + 0.5);
    pen.restore();
  }
  if (!chosen) return;
  pen.strokeStyle = HEAD;
  pen.lineWidth = 2;
  pen.strokeRect(left - 1, top - 1, wide + 2, high + 2);
  if (!beads) return;
  pen.fillStyle = GROUND;
  for (const [at, outside] of track.keys) {
    const x = line.x(editor.times.seconds(at));
    pen.beginPath();
    pen.arc(x, top + high / 2, outside ? 1.5 : 2.5, 0, 7);
    pen.fill();
  }
}

/** @param {Timeline} line @param {CanvasRenderingContext2D} pen @param {number} width @param {Rows} rows */
export function drawSound(line, pen, width, rows) {
  const { editor, hold } = line;
  const [top, high] = [rows.sound, rows.bottom - rows.sound];
  const middle = top + high / 2;
  pen.fillStyle = GROUND;
  pen.fillRect(0, top, width, high);
  drawSpeech(line, pen, top, high);
  pen.fillStyle = SOUND;
  const columns = Math.max(1, Math.floor(width / 2));
  const shape = line.peaks.of(line.view, columns, line.wave);
  if (shape) {
    state.waveColumns(shape.wave, columns, line.view.from - shape.from, line.view.span).forEach(([low, up], column) => {
      const [above, below] = [Math.sqrt(Math.max(0, up)) * (high / 2 - 2), Math.sqrt(Math.max(0, -low)) * (high / 2 - 2)];
      pen.fillRect((column * width) / columns, middle - Math.max(0.5, above), 1.4, Math.max(1, above + below));
    });
  } else pen.fillRect(0, middle - 0.5, width, 1);
  for (const span of editor.here.spans.values()) {
    let { begin, until } = span;
    if (hold?.kind === "sound" && hold.span?.id === span.id) ({ begin, until } = line.heldSpan(hold));
    drawSpan(line, pen, span, begin, until, top, high);
  }
  if (hold?.kind === "sound" && !hold.span) drawSpan(line, pen, null, Math.min(hold.from, hold.at), Math.max(hold.from, hold.at), top, high);
  if (editor.here.mute_all) {
    pen.fillStyle = hatch(pen, DOUBT);
    pen.fillRect(0, top, width, high);
  }
}

/** Where somebody speaks. @param {Timeline} line @param {CanvasRenderingContext2D} pen @param {number} top @param {number} high */
function drawSpeech(line, pen, top, high) {
  pen.fillStyle = "rgb(113 197 218 / 16%)";
  for (const [begin, until] of line.editor.part.transcript?.speech ?? []) {
    const [left, right] = [line.x(begin / 1000), line.x(until / 1000)];
    if (right > 0 && left < line.view.width) pen.fillRect(left, top, right - left, high);
  }
}

/** @param {Timeline} line @param {CanvasRenderingContext2D} pen @param {Span | null} span @param {number} begin @param {number} until @param {number} top @param {number} high */
function drawSpan(line, pen, span, begin, until, top, high) {
  const [left, right] = [line.x(begin / 1000), line.x(until / 1000)];
  if (right < 0 || left > line.view.width) return;
  const chosen = span !== null && line.editor.sound.chosen === span.id;
  pen.fillStyle = span && !span.hidden ? "rgb(238 242 243 / 12%)" : "rgb(255 157 146 / 34%)";
  pen.fillRect(left, top + 1, Math.max(2, right - left), high - 2);
  if (span?.style === "distort") {
    pen.fillStyle = hatch(pen, INK);
    pen.fillRect(left, top + 1, right - left, high - 2);
  }
  pen.strokeStyle = chosen ? HEAD : DOUBT;
  pen.lineWidth = chosen ? 2 : 1;
  pen.strokeRect(left + 0.5, top + 1.5, Math.max(1, right - left - 1), high - 3);
  if (span && right - left > 44) {
    pen.fillStyle = INK;
    pen.font = "600 11px system-ui, sans-serif";
    pen.fillText(line.editor.word(span.style), Math.max(left, 0) + 5, top + 10);
  }
}

/** @param {Timeline} line @param {CanvasRenderingContext2D} pen @param {Rows} rows */
export function drawHead(line, pen, rows) {
  const x = line.x(line.editor.seconds);
  pen.fillStyle = "rgb(0 0 0 / 55%)";
  pen.fillRect(x - 2, rows.ruler, 4, rows.bottom - rows.ruler);
  pen.fillStyle = HEAD;
  pen.fillRect(x - 1, rows.ruler, 2, rows.bottom - rows.ruler);
  pen.beginPath();
  pen.moveTo(x - 6, rows.ruler);
  pen.lineTo(x + 6, rows.ruler);
  pen.lineTo(x, rows.ruler + 9);
  pen.fill();
}

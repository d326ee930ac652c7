// @ts-check
/** Drawing the timeline: filmstrip, waveform and what is marked on them. Colours come from the page's style sheet. */

import { beginnings, columnsOf, lengthOf, placeOf, tileAt } from "./player-state.js";

/** @typedef {import("./player-state.js").Segment} Segment */
/** @typedef {import("./player-state.js").Wave} Wave */

/** A canvas made as fine as the screen is, empty. @param {HTMLCanvasElement} canvas @param {number} [finest] times a pixel of the page */
export function prepared(canvas, finest = 3) {
  const scale = Math.min(window.devicePixelRatio || 1, finest);
  const [width, height] = [canvas.clientWidth, canvas.clientHeight];
  const [wide, high] = [Math.round(width * scale), Math.round(height * scale)];
  if (canvas.width !== wide || canvas.height !== high) {
    canvas.width = wide;
    canvas.height = high;
  }
  const pen = canvas.getContext("2d");
  if (!pen || !width || !height) return null;
  pen.setTransform(scale, 0, 0, scale, 0, 0);
  pen.clearRect(0, 0, width, height);
  return { pen, width, height };
}

/**
 * Small pictures side by side, each the moment in the middle of its place.
 * @param {HTMLCanvasElement} canvas @param {readonly Segment[]} segments @param {(HTMLImageElement | null)[]} sheets
 */
export function drawStrip(canvas, segments, sheets) {
  const drawn = prepared(canvas);
  if (!drawn) return;
  const { pen, width, height } = drawn;
  const length = lengthOf(segments) || 1;
  const begins = beginnings(segments);
  segments.forEach((segment, index) => {
    const [sheet, strip] = [sheets[index], segment.strip];
    if (!sheet || !strip) return;
    const left = (begins[index] / length) * width;
    const right = ((begins[index] + segment.duration) / length) * width;
    const each = height * (strip.tile_width / strip.tile_height);
    const places = Math.max(1, Math.round((right - left) / each));
    const step = (right - left) / places;
    for (let place = 0; place < places; place++) {
      const { x, y } = tileAt(strip, ((place + 0.5) / places) * segment.duration);
      // Cut at the sides rather than squeezed.
      const shown = Math.min(strip.tile_width, (step / height) * strip.tile_height);
      const cut = (strip.tile_width - shown) / 2;
      pen.drawImage(sheet, x + cut, y, shown, strip.tile_height, left + place * step, 0, step, height);
    }
  });
}

/**
 * The sound below the pictures, in the canvas's own text colour.
 * @param {HTMLCanvasElement} canvas @param {readonly Segment[]} segments @param {(Wave | null)[]} waves
 */
export function drawWaves(canvas, segments, waves) {
  const drawn = prepared(canvas);
  if (!drawn) return;
  const { pen, width, height } = drawn;
  const length = lengthOf(segments) || 1;
  const begins = beginnings(segments);
  const middle = height / 2;
  pen.fillStyle = getComputedStyle(canvas).color;
  segments.forEach((segment, index) => {
    const wave = waves[index];
    const left = (begins[index] / length) * width;
    const right = ((begins[index] + segment.duration) / length) * width;
    if (!wave) {
      pen.globalAlpha = 0.35;
      pen.fillRect(left, middle - 0.5, right - left, 1);
      pen.globalAlpha = 1;
      return;
    }
    const columns = Math.max(1, Math.floor((right - left) / 2));
    const each = (right - left) / columns;
    columnsOf(wave, columns, segment.duration).forEach(([low, high], column) => {
      // A root keeps quiet speech visible beside a slammed door.
      const up = Math.sqrt(Math.max(0, high)) * (middle - 1);
      const down = Math.sqrt(Math.max(0, -low)) * (middle - 1);
      pen.fillRect(left + column * each, middle - Math.max(0.5, up), Math.max(1, each - 0.75), Math.max(1, up + down));
    });
  });
}

/**
 * The picture of one moment, for the hand that hovers.
 * @param {HTMLCanvasElement} canvas @param {readonly Segment[]} segments @param {(HTMLImageElement | null)[]} sheets
 * @param {number} time @returns {boolean} Whether there was one.
 */
export function drawPreview(canvas, segments, sheets, time) {
  const { index, within } = placeOf(segments, time);
  const [strip, sheet] = [segments[index]?.strip, sheets[index]];
  if (!strip || !sheet) return false;
  if (canvas.width !== strip.tile_width || canvas.height !== strip.tile_height) {
    canvas.width = strip.tile_width;
    canvas.height = strip.tile_height;
  }
  const { x, y } = tileAt(strip, within);
  const [wide, high] = [strip.tile_width, strip.tile_height];
  canvas.getContext("2d")?.drawImage(sheet, x, y, wide, high, 0, 0, wide, high);
  return true;
}

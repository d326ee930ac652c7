// @ts-check
/**
 * What the timeline decides, without a page: which seconds are in sight, which lane a track lies in, what is under the
 * hand. All in seconds of the viewing copy and pixels of the canvas.
 * @module
 */

import { firstOf, lastAtMost, lastOf } from "./document-state.js";

/** @typedef {import("./document-state.js").FrameTimes} FrameTimes */
/** @typedef {import("./document-state.js").Kind} Kind */
/** @typedef {import("./document-state.js").Span} Span */
/** @typedef {import("./document-state.js").Track} Track */
/** What is in sight: `span` seconds from `from` on, on `width` pixels, of `length` in all. @typedef {{from: number, span: number, width: number, length: number}} View */
/** @typedef {{track: Track, begin: number, end: number}} Bar */
/** Bars that do not overlap, in order. @typedef {{kind: Kind, bars: Bar[]}} Lane */

/** The order of lanes from above. @type {readonly Kind[]} */
export const KINDS = ["face", "person", "plate", "screen", "document", "region", "frame"];
/** The closest look: seconds on the whole width. */
export const CLOSEST = 0.5;
/** Two bars in one lane stand at least this far apart, in seconds. */
const APART = 0.15;

/** @param {number} value @param {number} low @param {number} high */
const clamp = (value, low, high) => Math.min(Math.max(value, low), high);

/** @param {View} view @returns {View} */
export function settled({ from, span, width, length }) {
  const within = clamp(span, Math.min(CLOSEST, length || CLOSEST), Math.max(length, CLOSEST));
  return { from: clamp(from, 0, Math.max(0, length - within)), span: within, width, length };
}

/** @param {number} width @param {number} length @returns {View} */
export const whole = (width, length) => settled({ from: 0, span: length, width, length });

/** @param {View} view @param {number} x */
export const secondsAt = (view, x) => view.from + (x / (view.width || 1)) * view.span;

/** @param {View} view @param {number} seconds */
export const placeOf = (view, seconds) => ((seconds - view.from) / view.span) * view.width;

/** Closer (below 1) or further (above 1), with what is at `x` kept there. @param {View} view @param {number} factor @param {number} x */
export function zoomed(view, factor, x) {
  const [at, share] = [secondsAt(view, x), x / (view.width || 1)];
  const span = clamp(view.span * factor, Math.min(CLOSEST, view.length), Math.max(view.length, CLOSEST));
  return settled({ ...view, span, from: at - share * span });
}

/** @param {View} view @param {number} seconds */
export const panned = (view, seconds) => settled({ ...view, from: view.from + seconds });

/** Moved as little as needed for a moment to be in sight, with a margin. @param {View} view @param {number} seconds */
export function showing(view, seconds) {
  const margin = view.span * 0.08;
  if (seconds < view.from + margin) return settled({ ...view, from: seconds - margin });
  if (seconds > view.from + view.span - margin) return settled({ ...view, from: seconds - view.span + margin });
  return view;
}

/** A stretch in sight with as much around it, never closer than four seconds. @param {View} view @param {number} begin @param {number} end */
export function around(view, begin, end) {
  const span = Math.max(4, (end - begin) * 3);
  return settled({ ...view, span, from: (begin + end) / 2 - span / 2 });
}

/**
 * Tracks in lanes: by kind, then each into the first lane of its kind that is free.
 * @param {Iterable<Track>} tracks @param {FrameTimes} times @returns {Lane[]}
 */
export function lanesOf(tracks, times) {
  /** @type {Map<Kind, Bar[]>} */
  const byKind = new Map();
  for (const track of tracks) {
    const last = lastOf(track);
    const bar = { track, begin: times.seconds(firstOf(track)), end: times.seconds(last) + times.lasting(times.numberAt(last)) };
    const found = byKind.get(track.kind);
    if (found) found.push(bar);
    else byKind.set(track.kind, [bar]);
  }
  /** @type {Lane[]} */
  const lanes = [];
  for (const kind of KINDS) {
    const bars = byKind.get(kind);
    if (!bars) continue;
    bars.sort((a, b) => a.begin - b.begin || a.end - b.end);
    /** @type {Lane[]} */
    const own = [];
    for (const bar of bars) {
      const free = own.find((lane) => lane.bars[lane.bars.length - 1].end + APART <= bar.begin);
      if (free) free.bars.push(bar);
      else own.push({ kind, bars: [bar] });
    }
    lanes.push(...own);
  }
  return lanes;
}

/** Bars of a lane that are in sight. @param {Lane} lane @param {number} from @param {number} until */
export function barsIn({ bars }, from, until) {
  const first = Math.max(0, lastAtMost(bars.length, (at) => bars[at].end, from));
  const last = lastAtMost(bars.length, (at) => bars[at].begin, until);
  return bars.slice(bars[first]?.end < from ? first + 1 : first, last + 1);
}

/** The bar under a place. @param {readonly Lane[]} lanes @param {number} lane @param {number} seconds @param {number} slack */
export function barAt(lanes, lane, seconds, slack) {
  const found = lanes[lane];
  if (!found) return null;
  const near = barsIn(found, seconds - slack, seconds + slack);
  const away = (/** @type {Bar} */ one) => Math.max(one.begin - seconds, seconds - one.end, 0);
  return near.reduce((/** @type {Bar | null} */ best, one) => (best && away(best) <= away(one) ? best : one), null);
}

/**
 * The span of sound under a place, and what of it: its begin, its end or the middle.
 * @param {Iterable<Span>} spans @param {number} milliseconds @param {number} slack
 * @returns {{span: Span, edge: "begin" | "until" | null} | null}
 */
export function spanAt(spans, milliseconds, slack) {
  /** @type {{span: Span, edge: "begin" | "until" | null} | null} */
  let found = null;
  for (const span of spans) {
    if (milliseconds < span.begin - slack || milliseconds > span.until + slack) continue;
    const edge =
      Math.abs(milliseconds - span.begin) <= slack ? "begin" : Math.abs(milliseconds - span.until) <= slack ? "until" : null;
    if (!found || edge) found = { span, edge };
  }
  return found;
}

/** How many tracks there are in each of `columns` pieces of the whole, and the strongest doubt. @param {Iterable<Track>} tracks @param {FrameTimes} times @param {number} columns @param {number} length */
export function density(tracks, times, columns, length) {
  const counts = new Uint16Array(columns);
  const doubts = new Float32Array(columns);
  for (const track of tracks) {
    const first = clamp(Math.floor((times.seconds(firstOf(track)) / (length || 1)) * columns), 0, columns - 1);
    const last = clamp(Math.floor((times.seconds(lastOf(track)) / (length || 1)) * columns), 0, columns - 1);
    for (let at = first; at <= last; at++) {
      counts[at] += 1;
      if (!track.reviewed) doubts[at] = Math.max(doubts[at], track.doubt);
    }
  }
  return { counts, doubts };
}

/**
 * The sound in sight as columns: lowest and highest value (-1..1) of each. Closer than the peaks go, a column shows the
 * one that it lies in.
 * @param {import("../recording/player-state.js").Wave} wave @param {number} columns @param {number} from @param {number} span
 */
export function waveColumns(wave, columns, from, span) {
  /** @type {[number, number][]} */
  const found = [];
  for (let column = 0; column < columns; column++) {
    const first = Math.floor((from + (column / columns) * span) / wave.bucket_seconds);
    const last = Math.max(first, Math.ceil((from + ((column + 1) / columns) * span) / wave.bucket_seconds) - 1);
    let [low, high] = [0, 0];
    for (let at = Math.max(0, first); at <= Math.min(last, wave.count - 1); at++) {
      low = Math.min(low, wave.peaks[2 * at]);
      high = Math.max(high, wave.peaks[2 * at + 1]);
    }
    found.push([low / 127, high / 127]);
  }
  return found;
}

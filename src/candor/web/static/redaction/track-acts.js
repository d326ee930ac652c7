// @ts-check
/**
 * What people do to tracks, as lists of acts: move, widen, key frames, split, merge, trim. Pure.
 * @module
 */

import { firstOf, lastAtMost, lastOf, trackAt } from "./document-state.js";

/** @typedef {import("./document-state.js").Act} Act */
/** @typedef {import("./document-state.js").FrameTimes} FrameTimes */
/** @typedef {import("./document-state.js").KeyRow} KeyRow */
/** @typedef {import("./document-state.js").Kind} Kind */
/** @typedef {import("./document-state.js").Shape} Shape */
/** @typedef {import("./document-state.js").Track} Track */
/** Edges that are moved: left, top, right, bottom. @typedef {[number, number, number, number]} Edges */

/** A box is never smaller than this, in pixels of the original. */
export const SMALLEST = 4;
/** Two pieces that are put together leave no gap longer than this, in seconds, uncovered or covered by a guess. */
export const LONGEST_FILL = 2;

/** A name of its own for something new. */
export const newId = () => crypto.randomUUID();

/** A line as the server keeps it: no letters that nobody sees, and not too many. @param {string} text @param {number} most */
export const plain = (text, most) => [...text.replace(/[\p{C}\p{Z}]+/gu, " ").trim()].slice(0, most).join("");

/** Numbers to a tenth of a pixel, as they are kept. @param {readonly number[]} numbers */
export const tenths = (numbers) => numbers.map((one) => Math.round(one * 10) / 10);

/** The box around numbers of a shape. @param {Shape} shape @param {readonly number[]} numbers @param {{width: number, height: number}} picture @returns {Edges} */
export function boxOf(shape, numbers, picture) {
  if (shape === "whole") return [0, 0, picture.width, picture.height];
  if (shape !== "polygon") return [numbers[0], numbers[1], numbers[2], numbers[3]];
  const across = numbers.filter((_, at) => at % 2 === 0);
  const down = numbers.filter((_, at) => at % 2 === 1);
  return [Math.min(...across), Math.min(...down), Math.max(...across), Math.max(...down)];
}

/**
 * Numbers with their edges moved by `by`: all four alike moves, single ones widen. A box keeps its least size; corners
 * of a polygon go along in proportion.
 * @param {Shape} shape @param {readonly number[]} numbers @param {Edges} by
 */
export function moved(shape, numbers, by) {
  if (shape === "whole") return [];
  if (shape === "polygon") {
    const [left, top, right, bottom] = boxOf(shape, numbers, { width: 0, height: 0 });
    const [wide, high] = [right - left || 1, bottom - top || 1];
    return tenths(
      numbers.map((one, at) => {
        const share = at % 2 === 0 ? (one - left) / wide : (one - top) / high;
        return one + (at % 2 === 0 ? by[0] + (by[2] - by[0]) * share : by[1] + (by[3] - by[1]) * share);
      }),
    );
  }
  let [left, top, right, bottom] = numbers.map((one, at) => one + by[at]);
  if (right - left < SMALLEST) [left, right] = by[0] ? [right - SMALLEST, right] : [left, left + SMALLEST];
  if (bottom - top < SMALLEST) [top, bottom] = by[1] ? [bottom - SMALLEST, bottom] : [top, top + SMALLEST];
  return tenths([left, top, right, bottom]);
}

/**
 * Move or widen a track: at one time by a key there, or everywhere by each of its keys.
 * @param {Track} track @param {number} time @param {Edges} by @param {"here" | "everywhere"} where @returns {Act[]}
 */
export function reshape(track, time, by, where) {
  if (where === "everywhere") {
    const keys = track.keys.map((one) => [one[0], one[1], ...moved(track.shape, one.slice(2), by)]);
    return [{ act: "put-keys", part: track.part, id: track.id, keys, drop: [] }];
  }
  const numbers = trackAt(track, time);
  if (!numbers) return [];
  return putKey(track, time, moved(track.shape, numbers, by));
}

/** A key at a time. Beyond the ends it makes the track longer. @param {Track} track @param {number} time @param {readonly number[]} numbers @returns {Act[]} */
export function putKey(track, time, numbers) {
  return [{ act: "put-keys", part: track.part, id: track.id, keys: [[time, 0, ...tenths(numbers)]], drop: [] }];
}

/** Take the key at a time away; nothing where there is none, or it is the only one. @param {Track} track @param {number} time @returns {Act[]} */
export function dropKey(track, time) {
  if (track.keys.length < 2 || !track.keys.some((one) => one[0] === time)) return [];
  return [{ act: "put-keys", part: track.part, id: track.id, keys: [], drop: [time] }];
}

/** @param {Track} track @param {number} time */
export const hasKey = (track, time) => track.keys.some((one) => one[0] === time);

/** The key before or after a time; null: none. @param {Track} track @param {number} time @param {number} way */
export function nextKey(track, time, way) {
  const place = lastAtMost(track.keys.length, (at) => track.keys[at][0], way > 0 ? time : time - 1);
  return track.keys[way > 0 ? place + 1 : place]?.[0] ?? null;
}

/** The numbers that a track would have at a time beyond its ends, too: those of the nearest end. @param {Track} track @param {number} time */
export function nearestNumbers(track, time) {
  const there = trackAt(track, time);
  if (there) return there;
  const shown = track.keys.filter((one) => !one[1]);
  if (!shown.length) return null;
  const place = lastAtMost(shown.length, (at) => shown[at][0], time);
  return shown[Math.max(0, place)].slice(2);
}

/** Let a track begin or end at a time: cut there, or made longer by its nearest place. @param {Track} track @param {number} time @param {"begin" | "end"} which @returns {Act[]} */
export function trim(track, time, which) {
  const numbers = nearestNumbers(track, time);
  if (!numbers) return [];
  const beyond = track.keys.filter((one) => (which === "begin" ? one[0] < time : one[0] > time)).map((one) => one[0]);
  if (beyond.length === track.keys.length && trackAt(track, time) === null) return [];
  return [{ act: "put-keys", part: track.part, id: track.id, keys: [[time, 0, ...tenths(numbers)]], drop: beyond }];
}

/**
 * Two tracks of one: what is before a picture, and from it on.
 * @param {Track} track @param {FrameTimes} times @param {number} frame @param {string} id Of the second.
 * @returns {Act[]} Nothing where there is nothing on one of the two sides.
 */
export function split(track, times, frame, id) {
  const [time, before] = [times.at(frame), times.at(frame - 1)];
  if (frame < 1 || time <= firstOf(track) || time > lastOf(track)) return [];
  const [here, there] = [trackAt(track, before), trackAt(track, time)];
  const ahead = track.keys.filter((one) => one[0] < before);
  const behind = track.keys.filter((one) => one[0] > time);
  /** @param {number} at @param {number[] | null} numbers @param {KeyRow[]} side */
  const row = (at, numbers, side) => [at, numbers ? 0 : 1, ...tenths(numbers ?? (side[0] ?? track.keys[0]).slice(2))];
  const first = [...ahead, row(before, here, ahead)];
  const second = [row(time, there, behind), ...behind];
  if (first.every((one) => one[1]) || second.every((one) => one[1])) return [];
  return [
    { act: "put-track", part: track.part, track: { ...track, keys: first } },
    { act: "put-track", part: track.part, track: { ...track, id, keys: second } },
  ];
}

/**
 * Whether tracks can be one: the same part, and shapes whose numbers mean the same.
 * @param {readonly Track[]} tracks
 */
export function canMerge(tracks) {
  const corners = tracks.map((one) => (one.shape === "ellipse" ? "box" : one.shape));
  if (tracks.length < 2 || new Set(corners).size > 1 || new Set(tracks.map((one) => one.part)).size > 1) return false;
  return corners[0] !== "polygon" || new Set(tracks.map((one) => one.keys[0].length)).size === 1;
}

/**
 * One track of several. Where two are there at once, the box around both; a gap up to LONGEST_FILL seconds is covered
 * in a straight line, a longer one is left out.
 * @param {readonly Track[]} tracks @param {FrameTimes} times @returns {Act[]}
 */
export function merge(tracks, times) {
  if (!canMerge(tracks)) return [];
  const ordered = [...tracks].sort((a, b) => firstOf(a) - firstOf(b));
  const [kept, ...others] = ordered;
  const keys = others.reduce((sum, one) => joined({ ...kept, keys: sum }, one, times), kept.keys);
  const track = {
    ...kept,
    keys,
    shape: ordered.every((one) => one.shape === kept.shape) ? kept.shape : "box",
    hidden: ordered.some((one) => one.hidden),
    exemption: kept.exemption ?? others.find((one) => one.exemption)?.exemption ?? null,
    label: kept.label || (others.find((one) => one.label)?.label ?? ""),
    reviewed: true,
  };
  return [
    ...others.map((one) => ({ act: "drop-track", part: one.part, id: one.id })),
    { act: "put-track", part: kept.part, track },
  ];
}

/** @param {Track} first @param {Track} second @param {FrameTimes} times @returns {KeyRow[]} */
function joined(first, second, times) {
  const [end, begin] = [lastOf(first), firstOf(second)];
  if (begin > end) {
    const gap = times.seconds(begin) - times.seconds(end);
    const last = first.keys[first.keys.length - 1];
    if (gap <= LONGEST_FILL || last[1]) return [...first.keys, ...second.keys];
    // Not covered where nobody knows where it was: from the picture behind its last on.
    const gone = times.at(times.numberAt(end) + 1);
    return gone < begin ? [...first.keys, [gone, 1, ...last.slice(2)], ...second.keys] : [...first.keys, ...second.keys];
  }
  const moments = new Set([...first.keys, ...second.keys].map((one) => one[0]));
  // Where one of them begins or ends its box jumps: a key on the picture before and behind keeps the line honest.
  for (const edge of [begin, Math.min(end, lastOf(second))]) {
    const number = times.numberAt(edge);
    for (const beside of [number - 1, number + 1]) {
      const at = times.at(beside);
      if (beside >= 0 && at > firstOf(first) && at < Math.max(end, lastOf(second))) moments.add(at);
    }
  }
  return [...moments].sort((a, b) => a - b).map((at) => {
    const both = [trackAt(first, at), trackAt(second, at)].filter((one) => one !== null);
    if (!both.length) return [at, 1, ...first.keys[0].slice(2)];
    return [at, 0, ...tenths(both.length === 1 || first.shape === "polygon" ? both[0] : around(both))];
  });
}

/** @param {readonly (readonly number[])[]} boxes */
function around(boxes) {
  if (!boxes[0].length) return [];
  return [
    Math.min(...boxes.map((one) => one[0])), Math.min(...boxes.map((one) => one[1])),
    Math.max(...boxes.map((one) => one[2])), Math.max(...boxes.map((one) => one[3])),
  ]; // prettier-ignore
}

/**
 * Something that a person drew.
 * @param {{part: string, shape: Shape, kind: Kind, numbers: readonly number[], from: number, until: number, id?: string, exemption?: string | null}} drawn
 * @returns {Track}
 */
export function drawnTrack({ part, shape, kind, numbers, from, until, id = newId(), exemption = null }) {
  const place = tenths(numbers);
  const keys = until > from ? [[from, 0, ...place], [until, 0, ...place]] : [[from, 0, ...place]]; // prettier-ignore
  return {
    id, part, kind, origin: "person", shape, keys, hidden: true, exemption, style: null, label: "", group: null,
    reviewed: true, doubt: 0, doubts: [], model: null, score: null,
  }; // prettier-ignore
}

/** The topmost track under a place: the smallest, so that one within another can be reached. @param {readonly {track: Track, numbers: number[]}[]} shown @param {number} x @param {number} y @param {number} slack @param {{width: number, height: number}} picture */
export function trackUnder(shown, x, y, slack, picture) {
  /** @type {{track: Track, size: number} | null} */
  let found = null;
  for (const { track, numbers } of shown) {
    if (track.shape === "whole") continue;
    const [left, top, right, bottom] = boxOf(track.shape, numbers, picture);
    if (x < left - slack || x > right + slack || y < top - slack || y > bottom + slack) continue;
    const size = (right - left) * (bottom - top);
    if (!found || size < found.size) found = { track, size };
  }
  return found?.track ?? null;
}

/** Eight places to take hold of a box, as which edges each moves. @type {readonly Edges[]} */
export const HANDLES = [
  [1, 1, 0, 0], [0, 1, 0, 0], [0, 1, 1, 0], [0, 0, 1, 0], [0, 0, 1, 1], [0, 0, 0, 1], [1, 0, 0, 1], [1, 0, 0, 0],
]; // prettier-ignore

/** Where a handle stands on a box. @param {Edges} handle @param {readonly number[]} box */
export function handlePlace(handle, [left, top, right, bottom]) {
  const x = handle[0] ? left : handle[2] ? right : (left + right) / 2;
  const y = handle[1] ? top : handle[3] ? bottom : (top + bottom) / 2;
  return { x, y };
}

// @ts-check
/**
 * Review: what wants looking at, in which order, and how far it is. Pure.
 * @module
 */

import { firstOf, lastAtMost, lastOf, trackAt } from "./document-state.js";
import { boxOf } from "./track-acts.js";

/** @typedef {import("./document-state.js").FrameTimes} FrameTimes */
/** @typedef {import("./document-state.js").Part} Part */
/** @typedef {import("./document-state.js").Track} Track */
/** Seconds that somebody watched, both included. @typedef {[number, number][]} Runs */

/** From this doubt on a track is uncertain. */
export const UNCERTAIN = 0.2;

/** @param {Track} track */
export const isUncertain = (track) => track.origin === "model" && track.doubt >= UNCERTAIN;

/** Seconds that a track lasts. @param {Track} track @param {FrameTimes} times */
export const lastsFor = (track, times) => times.seconds(lastOf(track)) - times.seconds(firstOf(track));

/**
 * What is still to be looked at: what is uncertain before what is plain, the shortest first.
 * @param {Part} part @param {FrameTimes} times @param {boolean} all Plain tracks too.
 */
export function reviewOrder(part, times, all) {
  const open = [...part.tracks.values()].filter((one) => !one.reviewed && one.origin === "model" && (all || isUncertain(one)));
  const keyed = open.map((track) => ({ track, doubtful: isUncertain(track) ? 0 : 1, lasts: lastsFor(track, times) }));
  keyed.sort(
    (a, b) => a.doubtful - b.doubtful || a.lasts - b.lasts || b.track.doubt - a.track.doubt || (a.track.id < b.track.id ? -1 : 1),
  );
  return keyed.map((one) => one.track);
}

/** @param {Part} part @param {boolean} all */
export function reviewCount(part, all) {
  let [done, sum] = [0, 0];
  for (const track of part.tracks.values()) {
    if (track.origin !== "model" || !(all || isUncertain(track))) continue;
    sum += 1;
    if (track.reviewed) done += 1;
  }
  return { done, sum };
}

/**
 * The time at which a track can be judged best: where it is largest, of those keys that are in the picture.
 * @param {Track} track @param {{width: number, height: number}} picture
 */
export function tellingTime(track, picture) {
  let best = { at: firstOf(track), size: -1 };
  for (const [at, outside, ...numbers] of track.keys) {
    if (outside) continue;
    const [left, top, right, bottom] = boxOf(track.shape, numbers, picture);
    const wide = Math.min(right, picture.width) - Math.max(left, 0);
    const size = Math.max(0, wide) * Math.max(0, Math.min(bottom, picture.height) - Math.max(top, 0));
    if (size > best.size) best = { at, size };
  }
  return best.at;
}

/** A stretch to play around a track, in seconds of the viewing copy. @param {Track} track @param {FrameTimes} times @param {number} length */
export function stretchAround(track, times, length) {
  return {
    from: Math.max(0, times.seconds(firstOf(track)) - 0.7),
    until: Math.min(length, times.seconds(lastOf(track)) + 0.7),
  };
}

/** With one more second watched. @param {Runs} runs In order, apart. @param {number} second @returns {Runs} */
export function watchedWith(runs, second) {
  const place = lastAtMost(runs.length, (at) => runs[at][0], second);
  if (place >= 0 && runs[place][1] >= second) return runs;
  const found = /** @type {Runs} */ (runs.map((one) => [...one]));
  const [before, behind] = [found[place], found[place + 1]];
  if (before && before[1] + 1 === second) {
    before[1] = second;
    if (behind && behind[0] === second + 1) {
      before[1] = behind[1];
      found.splice(place + 1, 1);
    }
  } else if (behind && behind[0] === second + 1) behind[0] = second;
  else found.splice(place + 1, 0, [second, second]);
  return found;
}

/** @param {Runs} runs */
export const watchedSeconds = (runs) => runs.reduce((sum, [first, last]) => sum + last - first + 1, 0);

/** Two lists as one. @param {Runs} first @param {Runs} second @returns {Runs} */
export function mergedRuns(first, second) {
  const all = [...first, ...second].sort((a, b) => a[0] - b[0]);
  /** @type {Runs} */
  const found = [];
  for (const [begin, end] of all) {
    const last = found[found.length - 1];
    if (last && begin <= last[1] + 1) last[1] = Math.max(last[1], end);
    else found.push([begin, end]);
  }
  return found;
}

/** Whether a track is in the picture at a time. @param {Track} track @param {number} time */
export const isThere = (track, time) => trackAt(track, time) !== null;

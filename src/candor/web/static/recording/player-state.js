// @ts-check
/**
 * What the player decides, without a page: places in time, keys, speeds, pictures of the strip, peaks of the sound.
 *
 * A recording is played as one stretch: its parts one after the other, in seconds from the beginning of the first.
 * @module
 */

/** @typedef {{src: string, tile_width: number, tile_height: number, columns: number, count: number, interval: number}} Strip */
/**
 * @typedef {{number: number, name?: string, src: string, duration: number, fps: number, startsAt: number, gap: number | null,
 *   sound: boolean, picture: boolean, strip: Strip | null, wave: string | null}} Segment
 */
/** @typedef {{bucket_seconds: number, count: number, peaks: number[]}} Wave */
/** @typedef {{act: string, value?: number}} Act */

/** Speeds that [ and ] go through. */
export const SPEEDS = [0.1, 0.25, 0.5, 0.75, 1, 1.25, 1.5, 2, 4];
/** Speeds that J and L go through. */
export const SHUTTLE = [1, 2, 4, 8];
/** Stretches between the marks of the ruler, in seconds. */
const STEPS = [0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400];

/** @param {number} value @param {number} low @param {number} high */
export function clamp(value, low, high) {
  return Math.min(Math.max(value, low), high);
}

/** @param {readonly Segment[]} segments */
export function lengthOf(segments) {
  return segments.reduce((sum, one) => sum + one.duration, 0);
}

/** Where each part begins. @param {readonly Segment[]} segments @returns {number[]} */
export function beginnings(segments) {
  let at = 0;
  return segments.map((one) => {
    const begin = at;
    at += one.duration;
    return begin;
  });
}

/**
 * The part that a moment lies in, and how far within it.
 * @param {readonly Segment[]} segments @param {number} time
 */
export function placeOf(segments, time) {
  const begins = beginnings(segments);
  let index = 0;
  while (index + 1 < segments.length && time >= begins[index + 1]) index += 1;
  const within = clamp(time - begins[index], 0, segments[index]?.duration ?? 0);
  return { index, within };
}

/**
 * Whether a moment lies before the camera was switched on: in what its buffer held.
 * @param {number | null | undefined} activation Seconds. @param {number} time
 */
export function isBuffer(activation, time) {
  return typeof activation === "number" && activation >= 0.5 && time < activation - 0.02;
}

/** Milliseconds since 1970 that the camera's clock showed. @param {readonly Segment[]} segments @param {number} time */
export function momentOf(segments, time) {
  const { index, within } = placeOf(segments, time);
  return (segments[index]?.startsAt ?? 0) + within * 1000;
}

/** `0:07.3`, `12:05.0`, `1:02:03.9`. @param {number} seconds @param {boolean} [tenths] */
export function timeText(seconds, tenths = true) {
  // Cut, not rounded: a moment is never shown before it is reached.
  const units = Math.floor(Math.max(0, seconds) * 10 + 1e-6);
  const whole = Math.floor(units / 10);
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const two = (/** @type {number} */ n) => String(n).padStart(2, "0");
  const text = hours ? `${hours}:${two(minutes)}:${two(rest)}` : `${minutes}:${two(rest)}`;
  return tenths ? `${text}.${units % 10}` : text;
}

/** `2026-11-22 10:11:12` in a zone. @param {number} moment Milliseconds. @param {string} zone */
export function clockText(moment, zone) {
  const format = new Intl.DateTimeFormat("en-GB", {
    timeZone: zone, hourCycle: "h23", year: "numeric", month: "2-digit", day: "2-digit",
    hour: "2-digit", minute: "2-digit", second: "2-digit",
  }); // prettier-ignore
  /** @type {Record<string, string>} */
  const part = {};
  for (const { type, value } of format.formatToParts(moment)) part[type] = value;
  return `${part.year}-${part.month}-${part.day} ${part.hour}:${part.minute}:${part.second}`;
}

/** Fill {…} in a text. @param {string} text @param {Record<string, string | number>} values */
export function filled(text, values) {
  return text.replace(/\{(\w+)\}/g, (all, name) => (name in values ? String(values[name]) : all));
}

/**
 * What a key does; null: nothing of the player's.
 * @param {{key: string, shiftKey: boolean, ctrlKey: boolean, metaKey: boolean, altKey: boolean}} event
 * @returns {Act | null}
 */
export function actOf({ key, shiftKey, ctrlKey, metaKey, altKey }) {
  if (ctrlKey || metaKey || altKey) return null;
  switch (key.length === 1 ? key.toLowerCase() : key) {
    case " ":
      return { act: "toggle" };
    case "ArrowLeft":
      return { act: "seek", value: shiftKey ? -1 : -5 };
    case "ArrowRight":
      return { act: "seek", value: shiftKey ? 1 : 5 };
    case "Home":
      return { act: "to", value: 0 };
    case "End":
      return { act: "to", value: Infinity };
    case ",":
      return { act: "frame", value: -1 };
    case ".":
      return { act: "frame", value: 1 };
    case "j":
      return { act: "shuttle", value: -1 };
    case "k":
      return { act: "shuttle", value: 0 };
    case "l":
      return { act: "shuttle", value: 1 };
    case "m":
      return { act: "mute" };
    case "f":
      return { act: "full-screen" };
    case "[":
      return { act: "speed", value: -1 };
    case "]":
      return { act: "speed", value: 1 };
    case "?":
      return { act: "help" };
  }
  return null;
}

/**
 * The next shuttle speed: the same way faster, the other way from 1 on, K stops.
 * @param {number} present Negative: backwards; 0: not moving. @param {number} way -1, 0 or 1
 */
export function shuttle(present, way) {
  if (way === 0) return 0;
  if (Math.sign(present) !== way) return way * SHUTTLE[0];
  const next = SHUTTLE.findIndex((one) => one > Math.abs(present));
  return way * (next < 0 ? SHUTTLE[SHUTTLE.length - 1] : SHUTTLE[next]);
}

/** The next slower or faster speed. @param {number} present @param {number} way */
export function nextSpeed(present, way) {
  const faster = SPEEDS.filter((one) => one > present + 1e-9);
  const slower = SPEEDS.filter((one) => one < present - 1e-9);
  return way > 0 ? (faster[0] ?? SPEEDS[SPEEDS.length - 1]) : (slower[slower.length - 1] ?? SPEEDS[0]);
}

/**
 * Where to seek for the picture before or after the one that begins at `shown`: into its middle, so that rounding
 * never lands on a neighbour.
 * @param {number} shown @param {number} way @param {number} fps @param {number} length
 */
export function frameTarget(shown, way, fps, length) {
  const step = 1 / (fps > 0 ? fps : 30);
  return clamp(shown + (way + 0.5) * step, 0, Math.max(0, length - step / 4));
}

/**
 * The strip's picture for a moment of its part, as a place on the sheet in pixels.
 * @param {Strip} strip @param {number} within
 */
export function tileAt(strip, within) {
  const number = clamp(Math.floor(within / strip.interval + 1e-9), 0, strip.count - 1);
  return {
    x: (number % strip.columns) * strip.tile_width,
    y: Math.floor(number / strip.columns) * strip.tile_height,
    number,
  };
}

/**
 * Seconds at the beginning in which there is no sound at all. Everything, when there is none anywhere.
 * @param {Wave} wave
 */
export function quietStart(wave) {
  for (let at = 0; at < wave.count; at++) {
    if (wave.peaks[2 * at] !== 0 || wave.peaks[2 * at + 1] !== 0) return at * wave.bucket_seconds;
  }
  return wave.count * wave.bucket_seconds;
}

/** @param {Wave} wave */
export function isSilent(wave) {
  return wave.peaks.every((one) => one === 0);
}

/**
 * The waveform as columns of a picture: lowest and highest value (-1..1) of each.
 * @param {Wave} wave @param {number} columns @param {number} duration Seconds that the columns stand for.
 */
export function columnsOf(wave, columns, duration) {
  /** @type {[number, number][]} */
  const found = [];
  for (let column = 0; column < columns; column++) {
    const first = Math.floor(((column / columns) * duration) / wave.bucket_seconds);
    const last = Math.max(first, Math.ceil((((column + 1) / columns) * duration) / wave.bucket_seconds) - 1);
    let [low, high] = [0, 0];
    for (let at = first; at <= Math.min(last, wave.count - 1); at++) {
      low = Math.min(low, wave.peaks[2 * at]);
      high = Math.max(high, wave.peaks[2 * at + 1]);
    }
    found.push([low / 127, high / 127]);
  }
  return found;
}

/** Moments for a ruler with at most `most` marks. @param {number} length @param {number} most */
export function ruler(length, most) {
  const step = STEPS.find((one) => length / one <= Math.max(1, most)) ?? STEPS[STEPS.length - 1];
  /** @type {number[]} */
  const marks = [];
  for (let at = 0; at <= length + 1e-9 && marks.length < 200; at += step) marks.push(at);
  return { step, marks };
}

/**
 * Whether what has the focus takes letters, or the space bar, for itself.
 * @param {EventTarget | null} target @param {string} key
 */
export function isTaken(target, key) {
  const element = /** @type {Partial<HTMLElement> | null} */ (target);
  if (!element?.matches) return false;
  if (element.isContentEditable) return true;
  if (element.matches("textarea, select, input:not([type=checkbox], [type=radio])")) return true;
  if (key === " " || key === "Enter") return element.matches("button, a, summary, input");
  return false;
}

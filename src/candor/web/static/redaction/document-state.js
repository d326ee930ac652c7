// @ts-check
/**
 * What a redaction says, without a page: times of pictures, places of tracks, acts that change it, undo and redo.
 *
 * It means the same as the server's `candor.redaction.model` and `candor.redaction.edits`; a file of examples holds the
 * two together. Nothing here is ever changed in place: an act gives a new document that shares what stayed.
 * @module
 */

/** A track's place at a time: `[at, 1 when outside else 0, number, …]`. @typedef {number[]} KeyRow */
/** @typedef {"face" | "plate" | "screen" | "document" | "person" | "region" | "frame"} Kind */
/** @typedef {"box" | "ellipse" | "polygon" | "whole"} Shape */
/** @typedef {"solid" | "mosaic" | "blur"} Style */
/**
 * @typedef {{id: string, part: string, kind: Kind, origin: "model" | "person" | "followed", shape: Shape, keys: KeyRow[],
 *   hidden: boolean, exemption: string | null, style: Style | null, label: string, group: string | null,
 *   reviewed: boolean, doubt: number, doubts: string[], model: string | null, score: number | null}} Track
 */
/**
 * @typedef {{id: string, part: string, begin: number, until: number, style: "mute" | "bleep" | "distort",
 *   exemption: string | null, label: string, origin: string, hidden: boolean, reviewed: boolean}} Span
 */
/**
 * @typedef {{mode: "hide" | "show-only", tracks: Map<string, Track>, spans: Map<string, Span>, overlay: boolean,
 *   overlay_boxes: number[][], mute_all: boolean}} Part
 */
/** @typedef {{style: Style, parts: Map<string, Part>}} Doc */
/** @typedef {Record<string, any> & {act: string}} Act */
/** @typedef {{clock: string, zero: number, runs: number[][]}} TimesJson */

/** The last place whose value is at most `wanted`; -1: none. @param {number} count @param {(at: number) => number} value @param {number} wanted */
export function lastAtMost(count, value, wanted) {
  let [low, high] = [0, count];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (value(middle) <= wanted) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/** To the nearest whole number, halves to the even one, as Python rounds. @param {number} value */
function rounded(value) {
  const below = Math.floor(value);
  const rest = value - below;
  if (rest !== 0.5) return Math.round(value);
  return below % 2 === 0 ? below : below + 1;
}

/** When each picture of a part is shown, in ticks of its clock: the server's FrameTimes. */
export class FrameTimes {
  /** @param {TimesJson} json */
  constructor({ clock, zero, runs }) {
    const [above, below] = clock.split("/").map(Number);
    /** Seconds a tick are `above / below`. */
    this.above = above;
    this.below = below || 1;
    this.zero = zero;
    this.runs = runs;
    /** @type {number[]} */
    this.counts = [];
    this.length = 0;
    for (const [, , count] of runs) {
      this.counts.push(this.length);
      this.length += count;
    }
  }

  /** The time of picture `number`, held within what there is. @param {number} number */
  at(number) {
    if (!this.length) return this.zero;
    const wanted = Math.min(Math.max(0, Math.trunc(number)), this.length - 1);
    const run = lastAtMost(this.runs.length, (at) => this.counts[at], wanted);
    return this.runs[run][0] + (wanted - this.counts[run]) * this.runs[run][1];
  }

  /** Which picture is shown at a time: the last that begins at it or before; 0 before the first. @param {number} time */
  numberAt(time) {
    if (!this.runs.length) return 0;
    const run = Math.max(0, lastAtMost(this.runs.length, (at) => this.runs[at][0], time));
    const [first, step, count] = this.runs[run];
    const within = step > 0 ? Math.min(count - 1, Math.max(0, Math.floor((time - first) / step))) : 0;
    return this.counts[run] + within;
  }

  /** A time as seconds of the viewing copy. @param {number} time */
  seconds(time) {
    return ((time - this.zero) * this.above) / this.below;
  }

  /** Seconds of the viewing copy as a time. @param {number} seconds */
  ticks(seconds) {
    return rounded((seconds * this.below) / this.above) + this.zero;
  }

  /** Seconds for which a picture stays on the screen. @param {number} number */
  lasting(number) {
    const here = this.at(number);
    if (number + 1 < this.length) return this.seconds(this.at(number + 1)) - this.seconds(here);
    return number > 0 ? this.seconds(here) - this.seconds(this.at(number - 1)) : 1 / 30;
  }

  /** Where to seek for a picture: into its middle, so that rounding never lands on a neighbour. @param {number} number */
  target(number) {
    return Math.max(0, this.seconds(this.at(number)) + this.lasting(number) / 2);
  }

  /**
   * The picture that a browser says is on the screen: the one nearest to that moment, for a viewing copy's clock is
   * another than the original's and rounds.
   * @param {number} seconds
   */
  shownAt(seconds) {
    const number = this.numberAt(Math.floor((seconds * this.below) / this.above + 1e-6) + this.zero);
    if (number + 1 >= this.length) return number;
    const [here, next] = [this.seconds(this.at(number)), this.seconds(this.at(number + 1))];
    return next - seconds < (next - here) * 0.25 ? number + 1 : number;
  }

  /** The first picture that the viewing copy has: earlier ones are in the original alone. */
  get firstShown() {
    if (!this.length) return 0;
    const number = this.numberAt(this.zero);
    return this.at(number) < this.zero && number + 1 < this.length ? number + 1 : number;
  }
}

// ---------------------------------------------------------------- tracks

/** @param {Track} track */
export const firstOf = (track) => track.keys[0][0];
/** @param {Track} track */
export const lastOf = (track) => track.keys[track.keys.length - 1][0];

/**
 * A track's numbers at a time; null where it is not there. In a straight line between two keys.
 * @param {Track} track @param {number} time @returns {number[] | null}
 */
export function trackAt(track, time) {
  const { keys } = track;
  if (!keys.length || time < keys[0][0] || time > keys[keys.length - 1][0]) return null;
  const place = lastAtMost(keys.length, (at) => keys[at][0], time);
  const key = keys[place];
  if (key[1]) return null;
  if (key[0] === time || place + 1 === keys.length) return key.slice(2);
  const next = keys[place + 1];
  if (next[1] || next.length !== key.length) return key.slice(2);
  const share = (time - key[0]) / (next[0] - key[0]);
  const found = [];
  for (let at = 2; at < key.length; at++) found.push(key[at] + (next[at] - key[at]) * share);
  return found;
}

// ---------------------------------------------------------------- documents

/** @returns {Part} */
export function emptyPart() {
  return { mode: "hide", tracks: new Map(), spans: new Map(), overlay: false, overlay_boxes: [], mute_all: false };
}

/** @param {any} json What the server calls Document.to_json. @returns {Doc} */
export function documentFrom(json) {
  /** @type {Map<string, Part>} */
  const parts = new Map();
  for (const [name, said] of Object.entries(json.parts ?? {})) {
    parts.set(name, {
      ...emptyPart(),
      ...said,
      tracks: new Map(said.tracks.map((/** @type {Track} */ one) => [one.id, one])),
      spans: new Map(said.spans.map((/** @type {Span} */ one) => [one.id, one])),
    });
  }
  return { style: json.style, parts };
}

/** Of which the server keeps nothing. @param {Part} part */
function saysNothing({ mode, tracks, spans, overlay, overlay_boxes: boxes, mute_all: muted }) {
  return !tracks.size && !spans.size && mode === "hide" && !overlay && !boxes.length && !muted;
}

/** In the order of their first times, as the server writes them. @param {Doc} doc */
export function documentJson(doc) {
  /** @type {Record<string, any>} */
  const parts = {};
  const text = (/** @type {string} */ a, /** @type {string} */ b) => (a < b ? -1 : a > b ? 1 : 0);
  for (const name of [...doc.parts.keys()].sort()) {
    const part = partOf(doc, name);
    if (saysNothing(part)) continue;
    const tracks = [...part.tracks.values()].sort(
      (a, b) => firstOf(a) - firstOf(b) || lastOf(a) - lastOf(b) || text(a.id, b.id),
    );
    const spans = [...part.spans.values()].sort((a, b) => a.begin - b.begin || a.until - b.until || text(a.id, b.id));
    parts[name] = { ...part, tracks, spans };
  }
  return { style: doc.style, parts };
}

const NOTHING = emptyPart();

/** What is said of a part; nothing, when nobody said anything. @param {Doc} doc @param {string} part */
export function partOf(doc, part) {
  return doc.parts.get(part) ?? NOTHING;
}

/** An act that cannot be done on this document. */
export class ActWrong extends Error {}

/** A document while acts are done to it: the maps of a part are copied once, not at every act. */
class Work {
  /** @param {Doc} doc */
  constructor(doc) {
    this.doc = doc;
    /** @type {Map<string, Part>} */
    this.own = new Map();
  }

  /** @param {string} name @returns {Part} */
  part(name) {
    const own = this.own.get(name);
    if (own) return own;
    const given = partOf(this.doc, name);
    const copy = { ...given, tracks: new Map(given.tracks), spans: new Map(given.spans) };
    this.own.set(name, copy);
    this.doc = { ...this.doc, parts: new Map(this.doc.parts).set(name, copy) };
    return copy;
  }

  /** @param {string} part @param {string} id @returns {Track} */
  track(part, id) {
    const found = this.part(part).tracks.get(id);
    if (!found) throw new ActWrong(`there is no track ${id}`);
    return found;
  }

  /** @param {string} part @param {string} id @returns {Span} */
  span(part, id) {
    const found = this.part(part).spans.get(id);
    if (!found) throw new ActWrong(`there is no stretch of sound ${id}`);
    return found;
  }

  /** @param {Act} act */
  do(act) {
    const { part, id } = act;
    switch (act.act) {
      case "put-track":
        this.part(part).tracks.set(act.track.id, act.track);
        break;
      case "drop-track":
        this.part(part).tracks.delete(this.track(part, id).id);
        break;
      case "put-keys": {
        const track = this.track(part, id);
        this.part(part).tracks.set(id, { ...track, keys: keysWith(track, act.keys ?? [], act.drop ?? []) });
        break;
      }
      case "set-track":
        this.part(part).tracks.set(id, { ...this.track(part, id), ...act.values });
        break;
      case "put-span":
        this.part(part).spans.set(act.span.id, act.span);
        break;
      case "drop-span":
        this.part(part).spans.delete(this.span(part, id).id);
        break;
      case "set-part":
        Object.assign(this.part(part), act.values);
        break;
      case "set":
        this.doc = { ...this.doc, ...act.values };
        break;
      default:
        throw new ActWrong(`there is no act ${act.act}`);
    }
  }

  /** What takes an act back that is yet to be done. @param {Act} act @returns {Act} */
  inverse(act) {
    const { part, id } = act;
    switch (act.act) {
      case "put-track": {
        const old = this.part(part).tracks.get(act.track.id);
        return old ? { act: "put-track", part, track: old } : { act: "drop-track", part, id: act.track.id };
      }
      case "drop-track":
        return { act: "put-track", part, track: this.track(part, id) };
      case "put-keys": {
        const track = this.track(part, id);
        const had = new Set(track.keys.map((one) => one[0]));
        const put = (act.keys ?? []).map((/** @type {KeyRow} */ one) => one[0]);
        const touched = new Set([...put, ...(act.drop ?? [])]);
        const [keys, drop] = [track.keys.filter((one) => touched.has(one[0])), put.filter((/** @type {number} */ at) => !had.has(at))];
        return { act: "put-keys", part, id, keys, drop };
      }
      case "set-track":
        return { act: "set-track", part, id, values: present(this.track(part, id), act.values) };
      case "put-span": {
        const old = this.part(part).spans.get(act.span.id);
        return old ? { act: "put-span", part, span: old } : { act: "drop-span", part, id: act.span.id };
      }
      case "drop-span":
        return { act: "put-span", part, span: this.span(part, id) };
      case "set-part":
        return { act: "set-part", part, values: present(this.part(part), act.values) };
      case "set":
        return { act: "set", values: present(this.doc, act.values) };
    }
    throw new ActWrong(`there is no act ${act.act}`);
  }
}

/** The values that now stand where others are to be set. @param {Record<string, any>} there @param {Record<string, any>} values */
function present(there, values) {
  return Object.fromEntries(Object.keys(values).map((name) => [name, there[name] ?? null]));
}

/** Keys with some put in and some taken out. @param {Track} track @param {KeyRow[]} put @param {number[]} drop */
export function keysWith(track, put, drop) {
  const keys = new Map(track.keys.map((one) => [one[0], one]));
  for (const at of drop) if (!keys.delete(at)) throw new ActWrong(`the track ${track.id} has no key at ${at}`);
  for (const one of put) keys.set(one[0], one);
  if (!keys.size) throw new ActWrong(`the track ${track.id} would have no key left`);
  return [...keys.values()].sort((a, b) => a[0] - b[0]);
}

/** The document after these acts; the one given is not changed. @param {Doc} doc @param {readonly Act[]} acts */
export function apply(doc, acts) {
  const work = new Work(doc);
  for (const act of acts) work.do(act);
  return work.doc;
}

/** Acts that take `acts` back when they were done on `doc`. @param {Doc} doc @param {readonly Act[]} acts @returns {Act[]} */
export function inverse(doc, acts) {
  const work = new Work(doc);
  /** @type {Act[]} */
  const back = [];
  for (const act of acts) {
    back.unshift(work.inverse(act));
    work.do(act);
  }
  return back;
}

// ---------------------------------------------------------------- undo and redo

/**
 * An edit as the history has it. `undoes`: the number of the one that it takes back, which may be an undoing itself;
 * `back`: acts that take it back, or null where the server has to be asked.
 * @typedef {{number: number, words: string, undoes: number | null, back: Act[] | null}} Past
 */

/** Which edit undo and redo would take back next: two stacks that follow from the numbers alone, so from a reload too. */
export class History {
  /** @param {readonly Past[]} past */
  constructor(past = []) {
    /** @type {Past[]} */
    this.done = [];
    /** @type {Past[]} Edits that took something back, and can be taken back themselves. */
    this.undone = [];
    for (const one of past) this.add(one);
  }

  /** @param {Past} edit */
  add(edit) {
    const top = (/** @type {Past[]} */ stack) => stack[stack.length - 1]?.number;
    if (edit.undoes === null) {
      this.done.push(edit);
      this.undone = [];
    } else if (edit.undoes === top(this.done)) {
      this.done.pop();
      this.undone.push(edit);
    } else if (edit.undoes === top(this.undone)) {
      this.undone.pop();
      this.done.push(edit);
    } else {
      // It took back something older: whoever comes now can take it back like any other.
      this.done.push(edit);
      this.undone = [];
    }
  }

  /** @returns {Past | null} */
  get undo() {
    return this.done[this.done.length - 1] ?? null;
  }

  /** @returns {Past | null} */
  get redo() {
    return this.undone[this.undone.length - 1] ?? null;
  }
}

// @ts-check
/**
 * What a key means in the editor. Pure.
 * @module
 */

/** @typedef {{act: string, value?: number, x?: number, y?: number, whole?: boolean}} Wish */
/** @typedef {{key: string, code?: string, shiftKey: boolean, ctrlKey: boolean, metaKey: boolean, altKey: boolean}} Pressed */

/** Pixels of the original that an arrow moves by, and with Shift. */
export const STEP = 2;
export const STRIDE = 20;

const ARROWS = /** @type {Record<string, [number, number]>} */ ({
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
});

/** Keys that mean the same whether something is selected or not. @type {Record<string, Wish>} */
const PLAIN = {
  " ": { act: "toggle" },
  ",": { act: "frame", value: -1 },
  ".": { act: "frame", value: 1 },
  "<": { act: "frame", value: -10 },
  ">": { act: "frame", value: 10 },
  Home: { act: "to", value: 0 },
  End: { act: "to", value: Infinity },
  j: { act: "key", value: -1 },
  k: { act: "put-key" },
  l: { act: "key", value: 1 },
  v: { act: "tool-select" },
  b: { act: "tool-box" },
  o: { act: "tool-ellipse" },
  c: { act: "tool-polygon" },
  w: { act: "whole-picture" },
  f: { act: "follow", value: 1 },
  d: { act: "follow", value: -1 },
  h: { act: "hide" },
  s: { act: "split" },
  g: { act: "merge" },
  t: { act: "person" },
  p: { act: "preview" },
  r: { act: "review" },
  m: { act: "mute" },
  i: { act: "begin-here" },
  u: { act: "end-here" },
  x: { act: "drop-key" },
  q: { act: "sound-off" },
  z: { act: "zoom-to" },
  "+": { act: "zoom", value: 0.6 },
  "-": { act: "zoom", value: 1 / 0.6 },
  0: { act: "zoom-all" },
  Delete: { act: "delete" },
  Backspace: { act: "delete" },
  Escape: { act: "leave" },
  "?": { act: "help" },
};

/** Keys of review, before all others. @type {Record<string, Wish>} */
const REVIEW = {
  y: { act: "keep" },
  n: { act: "show" },
  e: { act: "exempt" },
  " ": { act: "around" },
  Enter: { act: "keep" },
  ArrowLeft: { act: "review-next", value: -1 },
  ArrowRight: { act: "review-next", value: 1 },
};

/**
 * What a key does; null: nothing of the editor's.
 * @param {Pressed} event @param {{selected: boolean, review: boolean}} state @returns {Wish | null}
 */
export function wishOf({ key, shiftKey, ctrlKey, metaKey, altKey }, { selected, review }) {
  const name = key.length === 1 ? key.toLowerCase() : key;
  if (ctrlKey || metaKey) {
    if (altKey) return null;
    if (name === "z") return { act: shiftKey ? "redo" : "undo" };
    if (name === "y") return { act: "redo" };
    if (name === "s") return { act: "save" };
    return null;
  }
  if (review && !altKey && !shiftKey && name in REVIEW) return REVIEW[name];
  const arrow = ARROWS[name];
  if (arrow && selected) {
    const by = shiftKey ? STRIDE : STEP;
    return { act: "nudge", x: arrow[0] * by, y: arrow[1] * by, whole: altKey };
  }
  if (name === "[" || name === "]" || name === "{" || name === "}") {
    const by = name === "{" || name === "}" ? STRIDE : STEP;
    return { act: "widen", value: name === "[" || name === "{" ? -by : by, whole: altKey };
  }
  if (altKey) return null;
  if (arrow && arrow[0]) return { act: "seek", value: arrow[0] * (shiftKey ? 1 : 5) };
  if (name === "e") return { act: "exempt" };
  return PLAIN[name] ?? null;
}

/**
 * Whether what has the focus takes this key for itself.
 * @param {EventTarget | null} target @param {Pressed} event
 */
export function isTaken(target, { key, ctrlKey, metaKey }) {
  const element = /** @type {Partial<HTMLElement> | null} */ (target);
  if (!element?.matches) return false;
  if (element.isContentEditable) return true;
  if (element.matches("textarea, input:not([type=checkbox], [type=radio], [type=range])")) return true;
  if (ctrlKey || metaKey) return false;
  if (element.matches("select, input[type=range], input[type=radio]")) return key.length === 1 || key.startsWith("Arrow");
  if (element.matches("[role=tab]") && key.startsWith("Arrow")) return true;
  if (key === " " || key === "Enter") return element.matches("button, a, summary, input");
  return false;
}

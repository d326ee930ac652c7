// @ts-check
/** How kinds and states look, on the picture and on the timeline alike: a colour, a letter and a pattern each. */

import { prepared as preparedFor } from "../recording/timeline.js";

/** @typedef {import("./document-state.js").Kind} Kind */

/** On the stage and the timeline, which are dark whatever the page is. @type {Record<Kind, {colour: string, dash: number[]}>} */
export const LOOKS = {
  face: { colour: "#7fd6ea", dash: [] },
  person: { colour: "#8fe0a8", dash: [10, 4] },
  plate: { colour: "#f2c66d", dash: [6, 3] },
  screen: { colour: "#d3b0ff", dash: [3, 3] },
  document: { colour: "#ffa98f", dash: [12, 3, 3, 3] },
  region: { colour: "#f0f3f4", dash: [8, 3, 2, 3] },
  frame: { colour: "#ff9d92", dash: [2, 4] },
};
export const DOUBT = "#ff9d92";
export const INK = "#eef2f3";
export const SOFT = "#aab8bc";
export const LINE = "#3a474d";
export const GROUND = "#0b0f11";
export const SUNKEN = "#161d21";
export const HEAD = "#ffffff";
export const SOUND = "#71c5da";

/** @type {Map<string, CanvasPattern | null>} */
const made = new Map();

/** Slanted lines in a colour, for what is shown rather than hidden. @param {CanvasRenderingContext2D} pen @param {string} colour */
export function hatch(pen, colour) {
  const there = made.get(colour);
  if (there !== undefined) return there ?? colour;
  const tile = document.createElement("canvas");
  tile.width = tile.height = 8;
  const line = tile.getContext("2d");
  if (line) {
    line.strokeStyle = colour;
    line.lineWidth = 1.5;
    line.globalAlpha = 0.55;
    line.beginPath();
    for (const at of [-4, 0, 4, 8]) {
      line.moveTo(at - 1, 9);
      line.lineTo(at + 9, -1);
    }
    line.stroke();
  }
  const pattern = pen.createPattern(tile, "repeat");
  made.set(colour, pattern);
  return pattern ?? colour;
}

/** A canvas made as fine as the screen is, empty; twice as fine is enough for what is drawn anew with every picture. @param {HTMLCanvasElement} canvas */
export function prepared(canvas) {
  return preparedFor(canvas, 2);
}

// @ts-check
/** The picture: a video element stepped by the table of times, where it stands on the screen, and how close. */

import { lastAtMost } from "./document-state.js";

/** @typedef {import("./editor.js").Editor} Editor */
/** Where the upright original lies on the screen: `scale` pixels of the page for one of it. @typedef {{x: number, y: number, scale: number}} Place */

const CLOSEST = 8;

export class Stage {
  /** @param {Editor} editor */
  constructor(editor) {
    this.editor = editor;
    this.media = /** @type {HTMLVideoElement} */ (editor.piece("media"));
    this.screen = editor.piece("screen");
    this.zoom = 1;
    /** Middle of what is in sight, as shares of the picture. */
    this.middle = { x: 0.5, y: 0.5 };
    /** @type {{from: number, until: number, times: number} | null} A stretch that is played again and again. */
    this.loop = null;
    /** @type {number | null} The picture that was asked for last, until it is on the screen. */
    this.wanted = null;
    editor.on(this.media, "play", () => editor.redraw());
    editor.on(this.media, "pause", () => this.settle());
    editor.on(this.media, "ended", () => this.settle());
    editor.on(this.media, "error", () => this.broken());
    editor.on(this.media, "timeupdate", () => this.#followTime());
    editor.on(this.media, "loadedmetadata", () => this.place());
    new ResizeObserver(() => this.place()).observe(this.screen);
    this.#follow();
  }

  get playing() {
    return !this.media.paused && !this.media.ended;
  }

  /** @param {string} src */
  open(src) {
    this.loop = null;
    this.media.src = src;
    this.zoom = 1;
    this.place();
  }

  /** The picture on the screen, exactly, where the browser tells it. */
  #follow() {
    const media = this.media;
    if (!("requestVideoFrameCallback" in media)) return;
    this.told = true;
    const told = (/** @type {number} */ _now, /** @type {VideoFrameCallbackMetadata} */ { mediaTime }) => {
      this.#shown(mediaTime);
      media.requestVideoFrameCallback(told);
    };
    media.requestVideoFrameCallback(told);
  }

  #followTime() {
    const { media, loop } = this;
    if (!this.told) this.#shown(media.currentTime);
    if (loop && media.currentTime >= loop.until) {
      loop.times -= 1;
      if (loop.times > 0) media.currentTime = loop.from;
      else {
        this.loop = null;
        media.pause();
      }
    }
  }

  /** @param {number} seconds */
  #shown(seconds) {
    const { editor } = this;
    if (!editor.ready) return;
    const frame = editor.times.shownAt(seconds);
    // Of several quick steps only the last is where one is: the pictures between are drawn and passed by.
    if (this.wanted !== null && !this.playing && frame !== this.wanted) return;
    this.wanted = null;
    editor.arrive(frame);
  }

  /** @param {number} frame */
  show(frame) {
    const { editor, media } = this;
    const times = editor.times;
    const held = Math.min(Math.max(times.firstShown, frame), times.length - 1);
    this.loop = null;
    if (this.playing) media.pause();
    this.wanted = held;
    media.currentTime = Math.min(times.target(held), Math.max(0, (media.duration || editor.part.duration) - 0.001));
    editor.arrive(held);
  }

  /** @param {number} seconds Of the viewing copy. */
  seek(seconds) {
    const { editor, media } = this;
    const within = Math.min(Math.max(0, seconds), editor.part.duration);
    if (this.playing && !this.loop) media.currentTime = within;
    else this.show(editor.times.shownAt(within));
  }

  async play() {
    try {
      if (this.media.ended || this.media.currentTime >= this.editor.part.duration - 0.05) this.media.currentTime = 0;
      this.wanted = null;
      await this.media.play();
    } catch (error) {
      if (!(error instanceof DOMException)) throw error; // it was stopped again, or the file cannot be played
    }
  }

  toggle() {
    this.loop = null;
    if (this.playing) this.media.pause();
    else void this.play();
  }

  /** Play a stretch, so many times. @param {number} from @param {number} until */
  around(from, until, times = 2) {
    this.wanted = null;
    this.loop = { from, until, times };
    this.media.currentTime = from;
    void this.play();
  }

  /** Stand on a picture, not between two. */
  settle() {
    const { editor } = this;
    if (editor.ready && !this.told) editor.arrive(editor.times.shownAt(this.media.currentTime));
    editor.redraw();
  }

  async broken() {
    const address = this.media.getAttribute("src");
    if (!address) return;
    let words = this.editor.word("broken");
    try {
      const answer = await fetch(address, { headers: { Accept: "application/json", Range: "bytes=0-0" } });
      if (!answer.ok) words = (await answer.json()).error ?? words;
    } catch {
      // The words that are there already say it.
    }
    this.editor.piece("fault").textContent = words;
    this.editor.piece("fault").hidden = false;
  }

  // ---------------------------------------------------------------- where it stands

  /** Where the upright original lies within the screen. @returns {Place} */
  whereIs() {
    const { width, height } = this.editor.part.picture;
    const [wide, high] = [this.screen.clientWidth, this.screen.clientHeight];
    const scale = Math.min(wide / this.shape.width, high / this.shape.height) * this.zoom;
    const across = scale * this.shape.stretch;
    const x = this.#held(wide / 2 - this.middle.x * width * across, width * across, wide);
    const y = this.#held(high / 2 - this.middle.y * height * scale, height * scale, high);
    return { x, y, scale };
  }

  /** How wide and high the original stands with square pixels, and how much wider one of its pixels is than high. */
  get shape() {
    const { width, height, aspect } = this.editor.part.picture;
    const [above, below] = (aspect || "1:1").split(":").map(Number);
    const stretch = above > 0 && below > 0 ? above / below : 1;
    return { width: width * stretch, height, stretch };
  }

  /** What is larger than the screen has no edge within it; what is smaller stands in the middle. @param {number} at @param {number} size @param {number} room */
  #held(at, size, room) {
    return size <= room ? (room - size) / 2 : Math.min(0, Math.max(room - size, at));
  }

  place() {
    const { editor, media } = this;
    if (!editor.ready || !editor.part.picture) return;
    const { x, y, scale } = this.whereIs();
    const { width, height } = editor.part.picture;
    media.style.left = `${x}px`;
    media.style.top = `${y}px`;
    media.style.width = `${width * scale * this.shape.stretch}px`;
    media.style.height = `${height * scale}px`;
    editor.redraw();
  }

  /** Closer or further, with what is under a place of the screen kept there. @param {number} factor @param {number} [atX] @param {number} [atY] */
  zoomBy(factor, atX = this.screen.clientWidth / 2, atY = this.screen.clientHeight / 2) {
    const point = this.toPicture(atX, atY);
    this.zoom = Math.min(CLOSEST, Math.max(1, this.zoom * factor));
    const { width, height } = this.editor.part.picture;
    const { scale } = this.whereIs();
    const across = scale * this.shape.stretch;
    this.middle = {
      x: (point.x + (this.screen.clientWidth / 2 - atX) / across) / width,
      y: (point.y + (this.screen.clientHeight / 2 - atY) / scale) / height,
    };
    this.place();
  }

  /** @param {number} byX @param {number} byY Pixels of the page. */
  pan(byX, byY) {
    const { width, height } = this.editor.part.picture;
    const { scale } = this.whereIs();
    this.middle.x = Math.min(1, Math.max(0, this.middle.x - byX / (width * scale * this.shape.stretch)));
    this.middle.y = Math.min(1, Math.max(0, this.middle.y - byY / (height * scale)));
    this.place();
  }

  /** Close to a box, or back to everything. @param {number[] | null} box */
  zoomTo(box) {
    const { width, height } = this.editor.part.picture;
    if (!box || this.zoom > 1) {
      this.zoom = 1;
    } else {
      const [left, top, right, bottom] = box;
      this.middle = { x: (left + right) / 2 / width, y: (top + bottom) / 2 / height };
      this.zoom = Math.min(CLOSEST, Math.max(1.5, 0.3 * Math.min(width / (right - left || 1), height / (bottom - top || 1))));
    }
    this.place();
  }

  /** A place of the screen as one of the upright original. @param {number} screenX @param {number} screenY */
  toPicture(screenX, screenY) {
    const { x, y, scale } = this.whereIs();
    return { x: (screenX - x) / (scale * this.shape.stretch), y: (screenY - y) / scale };
  }
}

/** The key frame before or after among many times. @param {readonly number[]} times In order. @param {number} time @param {number} way */
export function neighbour(times, time, way) {
  const place = lastAtMost(times.length, (at) => times[at], way > 0 ? time : time - 1);
  return times[way > 0 ? place + 1 : place] ?? null;
}

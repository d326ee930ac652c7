// @ts-check
/**
 * The player: a video or sound element, a timeline of pictures and sound, keys and buttons. What it decides lies in
 * player-state.js, what it draws in timeline.js. Without this script the page still says everything but cannot play.
 */

import * as state from "./player-state.js";
import { drawPreview, drawStrip, drawWaves } from "./timeline.js";

/** @typedef {import("./player-state.js").Segment} Segment */
/** @typedef {import("./player-state.js").Wave} Wave */
/** @typedef {{at: number, until: number | null, words: string}} Mark */
/**
 * @typedef {{activation: number | null, clock: boolean, marks: Mark[], segments: Segment[], viewing: string,
 *   zone: string, words: Record<string, string>}} Config
 */

/** Milliseconds for which it is said that something is missing between two parts. */
const CROSSING = 4000;

class CandorPlayer extends HTMLElement {
  connectedCallback() {
    if (this.media) return;
    /** @type {Config} */
    this.config = JSON.parse(this.dataset.config ?? "{}");
    this.segments = this.config.segments;
    this.length = state.lengthOf(this.segments);
    this.begins = state.beginnings(this.segments);
    this.media = /** @type {HTMLVideoElement} */ (this.piece("media"));
    this.line = this.piece("line");
    /** @type {(HTMLImageElement | null)[]} */
    this.sheets = this.segments.map(() => null);
    /** @type {(Wave | null)[]} */
    this.waves = this.segments.map(() => null);
    this.quiet = this.segments.map((one) => (one.sound ? 0 : one.duration));
    /** @type {number} */
    this.index = -1;
    this.speed = 1;
    this.shuttleSpeed = 0;
    /** @type {number} Where the picture that is shown begins, within its part. */
    this.shown = 0;
    this.wanted = /** @type {number | null} */ (null);
    this.leaving = new AbortController();
    this.listen();
    this.open(0, 0);
    this.loadStrips();
    this.drawRuler();
    this.markParts();
    this.markActivation();
    this.markMarks();
    this.update();
    if (this.dataset.justBegun) this.begin();
  }

  disconnectedCallback() {
    this.leaving?.abort();
    this.sized?.disconnect();
    this.themed?.disconnect();
    clearInterval(this.backwards);
    clearTimeout(this.crossing);
    this.media?.pause();
    this.media?.removeAttribute("src");
    this.media?.load();
  }

  /** @param {string} name @returns {HTMLElement} */
  piece(name) {
    const found = this.querySelector(`[data-part="${name}"]`);
    if (!(found instanceof HTMLElement)) throw new Error(`the player has no ${name}`);
    return found;
  }

  /** The viewing that was just begun stands in the address from now on, so that a reload goes on with it. */
  begin() {
    const address = new URL(location.href);
    address.searchParams.set("viewing", this.config?.viewing ?? "");
    history.replaceState(history.state, "", address);
    this.piece("play").focus({ preventScroll: true });
    void this.play();
  }

  // ---------------------------------------------------------------- what happens

  listen() {
    const { signal } = /** @type {AbortController} */ (this.leaving);
    const on = (/** @type {EventTarget} */ target, /** @type {string} */ name, /** @type {(event: any) => void} */ act) =>
      target.addEventListener(name, act, { signal });
    const media = /** @type {HTMLVideoElement} */ (this.media);
    for (const name of ["play", "pause", "ratechange", "volumechange", "loadedmetadata"]) on(media, name, () => this.update());
    for (const name of ["timeupdate", "seeked"]) on(media, name, () => this.moved());
    on(media, "ended", () => this.next());
    on(media, "error", () => this.broken());
    on(media, "click", () => this.perform({ act: "toggle" }));
    on(media, "dblclick", () => this.perform({ act: "full-screen" }));
    on(this, "click", (event) => this.pressed(event));
    on(this.piece("speed"), "change", (event) => this.setSpeed(Number(event.target.value)));
    on(document, "keydown", (event) => this.key(event));
    on(document, "fullscreenchange", () => this.redraw());
    this.listenToLine(on);
    this.sized = new ResizeObserver(() => this.redraw());
    this.sized.observe(/** @type {HTMLElement} */ (this.line));
    this.themed = new MutationObserver(() => this.redraw());
    this.themed.observe(document.documentElement, { attributeFilter: ["data-theme"] });
    on(window.matchMedia("(prefers-color-scheme: dark)"), "change", () => this.redraw());
    this.followFrames();
  }

  /** @param {(target: EventTarget, name: string, act: (event: any) => void) => void} on */
  listenToLine(on) {
    const line = /** @type {HTMLElement} */ (this.line);
    on(line, "pointerdown", (event) => {
      if (event.button !== 0) return;
      line.setPointerCapture(event.pointerId);
      line.focus({ preventScroll: true });
      this.dragging = true;
      this.seek(this.timeAt(event.clientX));
      this.preview(event.clientX);
    });
    on(line, "pointermove", (event) => {
      if (this.dragging) this.seek(this.timeAt(event.clientX));
      this.preview(event.clientX);
    });
    for (const name of ["pointerup", "pointercancel"]) {
      on(line, name, (event) => {
        this.dragging = false;
        if (event.pointerType !== "mouse") this.piece("hover").hidden = true;
      });
    }
    on(line, "pointerleave", () => {
      if (!this.dragging) this.piece("hover").hidden = true;
    });
  }

  /** The beginning of the picture on the screen, exactly, where the browser tells it. */
  followFrames() {
    const media = /** @type {HTMLVideoElement} */ (this.media);
    if (!("requestVideoFrameCallback" in media)) return;
    const follow = (/** @type {number} */ _now, /** @type {VideoFrameCallbackMetadata} */ told) => {
      this.shown = told.mediaTime;
      this.tellsFrames = true;
      this.dataset.frame = told.mediaTime.toFixed(4);
      this.moved();
      if (!this.leaving?.signal.aborted) media.requestVideoFrameCallback(follow);
    };
    media.requestVideoFrameCallback(follow);
  }

  /** @param {KeyboardEvent} event */
  key(event) {
    if (document.querySelector("dialog[open]") || event.defaultPrevented) return;
    if (state.isTaken(event.target, event.key)) return;
    const onLine = event.target === this.line;
    const vertical = { ArrowUp: 5, ArrowDown: -5, PageUp: 30, PageDown: -30 }[event.key];
    const act = onLine && vertical ? { act: "seek", value: vertical } : state.actOf(event);
    if (!act) return;
    event.preventDefault();
    this.perform(act);
  }

  /** @param {Event} event */
  pressed(event) {
    const button = event.target instanceof Element ? event.target.closest("[data-act]") : null;
    if (!(button instanceof HTMLElement)) return;
    const value = button.dataset.value;
    this.perform({ act: button.dataset.act ?? "", value: value === undefined ? undefined : Number(value) });
  }

  /** @param {import("./player-state.js").Act} act */
  perform({ act, value = 0 }) {
    switch (act) {
      case "toggle":
        if (this.isMoving()) this.stop();
        else void this.play();
        break;
      case "seek":
        this.seek((this.wanted ?? this.time()) + value);
        break;
      case "to":
        this.seek(Math.min(value, this.length ?? 0));
        break;
      case "frame":
        this.stepFrame(value);
        break;
      case "shuttle":
        this.shuttle(value);
        break;
      case "mute":
        if (this.media) this.media.muted = !this.media.muted;
        break;
      case "speed":
        this.setSpeed(state.nextSpeed(this.speed ?? 1, value));
        break;
      case "full-screen":
        if (document.fullscreenElement) void document.exitFullscreen();
        else void this.requestFullscreen?.().catch(() => {});
        break;
      case "help": {
        const dialog = document.getElementById("player-keys");
        if (dialog instanceof HTMLDialogElement) dialog.showModal();
        break;
      }
    }
  }

  // ---------------------------------------------------------------- moving

  isMoving() {
    return Boolean(this.media && !this.media.paused) || Boolean(this.backwards);
  }

  time() {
    if (!this.media || !this.begins || this.index === undefined) return 0;
    return (this.begins[this.index] ?? 0) + this.media.currentTime;
  }

  async play() {
    if (!this.media) return;
    if (this.time() >= (this.length ?? 0) - 0.05) this.seek(0);
    try {
      await this.media.play();
    } catch (error) {
      // A browser that wants another click, or a part that was changed meanwhile; a broken file tells by itself.
      if (!(error instanceof DOMException)) throw error;
    }
  }

  stop() {
    this.shuttleSpeed = 0;
    clearInterval(this.backwards);
    this.backwards = undefined;
    this.media?.pause();
    this.setRate();
    this.update();
  }

  /** Put a part on the screen. @param {number} index @param {number} within */
  open(index, within) {
    const segment = this.segments?.[index];
    if (!segment || !this.media || index === this.index) return;
    this.index = index;
    this.media.src = segment.src;
    this.classList.toggle("sound-only", !segment.picture);
    this.setRate();
    if (within > 0) this.media.currentTime = within;
  }

  /** Go on with the next part. */
  next() {
    const index = (this.index ?? 0) + 1;
    if (!this.segments || index >= this.segments.length) {
      this.stop();
      return;
    }
    this.open(index, 0);
    this.cross(index);
    void this.play();
  }

  /** Say what is missing before the part that begins now, or which part it is. @param {number} index */
  cross(index) {
    const segment = this.segments?.[index];
    if (!segment || !this.config) return;
    const [gap, words, place] = [segment.gap ?? 0, this.config.words, this.piece("crossing")];
    const values = { number: segment.number, name: segment.name ?? "", seconds: Math.abs(gap).toFixed(1) };
    const text = gap >= 1 ? words.gapHere : gap <= -1 ? words.overlap : words.partHere;
    place.textContent = state.filled(text, values);
    place.classList.toggle("warn", Math.abs(gap) >= 1);
    place.hidden = false;
    clearTimeout(this.crossing);
    this.crossing = setTimeout(() => (place.hidden = true), CROSSING);
  }

  /** @param {number} time Seconds on the whole recording. */
  seek(time) {
    if (!this.media || !this.segments?.length) return;
    const target = state.clamp(time, 0, this.length ?? 0);
    const { index, within } = state.placeOf(this.segments, target);
    this.wanted = target;
    if (index !== this.index) {
      const wasMoving = !this.media.paused;
      this.open(index, within);
      if (wasMoving) void this.play();
    } else {
      this.media.currentTime = within;
    }
    this.update();
  }

  /** @param {number} way */
  stepFrame(way) {
    const segment = this.segments?.[this.index ?? 0];
    if (!segment || !this.media || !this.begins) return;
    if (this.isMoving()) this.stop();
    /** @type {number} */
    const shown = this.tellsFrames ? (this.shown ?? 0) : this.media.currentTime;
    const step = 1 / (segment.fps || 30);
    if (way < 0 && shown < step / 2 && (this.index ?? 0) > 0) {
      this.seek(this.begins[this.index ?? 0] - step / 2);
      return;
    }
    if (way > 0 && shown + step >= segment.duration - step / 4 && (this.index ?? 0) + 1 < (this.segments?.length ?? 0)) {
      this.seek(this.begins[(this.index ?? 0) + 1] + step / 2);
      return;
    }
    const target = state.frameTarget(shown, way, segment.fps, segment.duration);
    // Pressed again before the picture is there: counted from where it will be.
    this.shown = state.clamp(shown + way * step, 0, segment.duration);
    this.media.currentTime = target;
    this.update();
  }

  /** @param {number} way */
  shuttle(way) {
    const present = this.backwards ? (this.shuttleSpeed ?? 0) : this.media?.paused ? 0 : this.shuttleSpeed || 1;
    const speed = state.shuttle(way > 0 && !this.isMoving() ? 0 : present, way);
    clearInterval(this.backwards);
    this.backwards = undefined;
    this.shuttleSpeed = speed;
    if (speed === 0) {
      this.stop();
    } else if (speed > 0) {
      this.setRate();
      void this.play();
    } else {
      this.media?.pause();
      let last = performance.now();
      let at = this.time();
      // Browsers do not play backwards: step as fast as pictures come.
      this.backwards = setInterval(() => {
        const now = performance.now();
        at += (speed * (now - last)) / 1000;
        last = now;
        if (at <= 0) {
          this.seek(0);
          this.stop();
        } else if (!this.media?.seeking) {
          this.seek(at);
        }
      }, 60);
    }
    this.update();
  }

  /** @param {number} speed */
  setSpeed(speed) {
    this.speed = speed;
    this.shuttleSpeed = 0;
    this.setRate();
    this.update();
  }

  setRate() {
    if (!this.media) return;
    const rate = (this.shuttleSpeed ?? 0) > 1 ? (this.shuttleSpeed ?? 1) : (this.speed ?? 1);
    this.media.defaultPlaybackRate = rate;
    this.media.playbackRate = rate;
  }

  // ---------------------------------------------------------------- showing

  moved() {
    if (!this.media?.seeking) this.wanted = null;
    this.update();
  }

  update() {
    if (!this.media || !this.line || !this.config || !this.segments) return;
    const [time, length, words] = [this.wanted ?? this.time(), this.length ?? 0, this.config.words];
    const clock = this.config.clock ? state.clockText(state.momentOf(this.segments, time), this.config.zone) : "";
    this.text("elapsed", state.timeText(time));
    this.text("length", state.timeText(Math.round(length), false));
    this.text("clock", clock);
    this.piece("head").style.insetInlineStart = `${length ? (100 * time) / length : 0}%`;
    this.piece("done").style.inlineSize = `${length ? (100 * time) / length : 0}%`;
    this.line.setAttribute("aria-valuenow", time.toFixed(1));
    this.line.setAttribute("aria-valuemax", length.toFixed(1));
    const values = { time: state.timeText(time), length: state.timeText(Math.round(length), false), clock };
    this.line.setAttribute("aria-valuetext", state.filled(clock ? words.ofAt : words.of, values));
    const moving = this.isMoving();
    this.classList.toggle("is-moving", moving);
    this.classList.toggle("is-muted", this.media.muted);
    this.piece("play").setAttribute("aria-label", moving ? words.pause : words.play);
    this.piece("mute").setAttribute("aria-label", this.media.muted ? words.unmute : words.mute);
    const shuttle = this.shuttleSpeed ?? 0;
    const text = shuttle < 0 ? words.reverse : shuttle > 1 ? words.forward : "";
    this.text("shuttle", state.filled(text, { speed: Math.abs(shuttle) }));
    this.piece("shuttle").hidden = !text;
    const select = this.piece("speed");
    if (select instanceof HTMLSelectElement) select.value = String(this.speed);
    this.piece("before").hidden = !state.isBuffer(this.config.activation, time);
    this.showQuiet(time);
  }

  /** Say that nothing was recorded, so that nobody looks for a fault in the loudspeaker. @param {number} time */
  showQuiet(time) {
    if (!this.segments || !this.quiet) return;
    const { index, within } = state.placeOf(this.segments, time);
    const quiet = this.quiet[index] ?? 0;
    this.piece("quiet").hidden = !(quiet >= 1 && within < quiet && this.isMoving());
  }

  /** @param {string} name @param {string} text */
  text(name, text) {
    const place = this.piece(name);
    if (place.textContent !== text) place.textContent = text;
  }

  /** @param {number} x A place on the screen. */
  timeAt(x) {
    const box = /** @type {HTMLElement} */ (this.line).getBoundingClientRect();
    return state.clamp((x - box.left) / (box.width || 1), 0, 1) * (this.length ?? 0);
  }

  /** @param {number} x */
  preview(x) {
    const [hover, line] = [this.piece("hover"), /** @type {HTMLElement} */ (this.line)];
    if (!this.segments || !this.sheets || !this.config) return;
    const time = this.timeAt(x);
    const canvas = /** @type {HTMLCanvasElement} */ (this.piece("hover-picture"));
    canvas.hidden = !drawPreview(canvas, this.segments, this.sheets, time);
    this.text("hover-time", state.timeText(time));
    const clock = this.config.clock ? state.clockText(state.momentOf(this.segments, time), this.config.zone).slice(11) : "";
    this.text("hover-clock", clock);
    hover.hidden = false;
    const box = line.getBoundingClientRect();
    const half = hover.offsetWidth / 2;
    hover.style.insetInlineStart = `${state.clamp(x - box.left, half, Math.max(half, box.width - half))}px`;
  }

  redraw() {
    if (!this.segments || !this.sheets || !this.waves) return;
    const [strip, wave] = [this.piece("strip"), this.piece("wave")];
    if (strip instanceof HTMLCanvasElement) drawStrip(strip, this.segments, this.sheets);
    if (wave instanceof HTMLCanvasElement) drawWaves(wave, this.segments, this.waves);
    this.drawRuler();
  }

  drawRuler() {
    const [place, length] = [this.piece("ruler"), this.length ?? 0];
    const { step, marks } = state.ruler(length, Math.max(2, Math.floor(place.clientWidth / 72)));
    place.replaceChildren(
      ...marks.filter((at) => at === 0 || at < length * 0.97).map((at) => {
        const mark = document.createElement("span");
        mark.textContent = state.timeText(at, step < 1);
        mark.style.insetInlineStart = `${length ? (100 * at) / length : 0}%`;
        return mark;
      }),
    );
  }

  // ---------------------------------------------------------------- pictures, sound, marks

  loadStrips() {
    this.segments?.forEach((segment, index) => {
      if (segment.strip) {
        const sheet = new Image();
        sheet.onload = () => {
          if (this.sheets) this.sheets[index] = sheet;
          this.redraw();
        };
        sheet.src = segment.strip.src;
      }
      if (segment.wave) void this.loadWave(segment.wave, index);
      else this.hear(index, null);
    });
  }

  /** @param {string} address @param {number} index */
  async loadWave(address, index) {
    try {
      const answer = await fetch(address, { signal: this.leaving?.signal });
      if (!answer.ok) throw new Error(String(answer.status));
      this.hear(index, await answer.json());
    } catch {
      if (!this.leaving?.signal.aborted) this.note(this.config?.words.noWave ?? "", "warn");
    }
  }

  /** What the waveform says of the sound. @param {number} index @param {Wave | null} wave */
  hear(index, wave) {
    if (!this.config || !this.segments || !this.waves || !this.quiet || !this.begins) return;
    const [segment, words] = [this.segments[index], this.config.words];
    this.waves[index] = wave;
    const quiet = wave && segment.sound ? state.quietStart(wave) : segment.duration;
    this.quiet[index] = quiet;
    const of = (/** @type {string} */ text) =>
      (this.segments?.length ?? 0) > 1 ? state.filled(words.ofPart, { number: segment.number, words: text }) : text;
    if (!segment.sound) this.note(of(words.noSound), "note", index + 1);
    else if (wave && state.isSilent(wave)) this.note(of(words.silent), "note", index + 1);
    else if (quiet >= 1) {
      this.note(of(state.filled(words.quietStart, { seconds: Math.round(quiet) })), "note", index + 1);
      this.mark(this.begins[index] + quiet, words.soundBegins, "sound");
      const stretch = document.createElement("span");
      stretch.className = "player-buffer";
      stretch.style.insetInlineStart = `${(100 * this.begins[index]) / (this.length || 1)}%`;
      stretch.style.inlineSize = `${(100 * quiet) / (this.length || 1)}%`;
      this.piece("marks").append(stretch);
    }
    this.redraw();
  }

  /** In the order of the parts, in whatever order their waveforms come. @param {string} words @param {string} kind */
  note(words, kind, order = 0) {
    const place = this.piece("notes");
    const there = [...place.children].filter((one) => one instanceof HTMLElement);
    if (there.some((one) => one.textContent === words)) return;
    const note = document.createElement("span");
    note.dataset.order = String(order);
    note.className = `badge ${kind}`;
    note.textContent = words;
    place.insertBefore(note, there.find((one) => Number(one.dataset.order ?? 0) > order) ?? null);
  }

  /** @param {number} time @param {string} words @param {string} kind */
  mark(time, words, kind) {
    const mark = document.createElement("span");
    mark.className = `player-mark ${kind}`;
    mark.title = words;
    mark.style.insetInlineStart = `${(100 * time) / (this.length || 1)}%`;
    this.piece("marks").append(mark);
  }

  markParts() {
    if (!this.segments || !this.config || !this.begins) return;
    const { words } = this.config;
    this.segments.forEach((segment, index) => {
      if (index === 0) return;
      const gap = segment.gap ?? 0;
      const text = gap >= 1 ? words.gap : gap <= -1 ? words.overlap : words.part;
      const values = { number: segment.number, seconds: Math.abs(gap).toFixed(1) };
      this.mark(this.begins?.[index] ?? 0, state.filled(text, values), Math.abs(gap) >= 1 ? "gap" : "part");
    });
  }

  /** When it was switched on, and what the buffer held before. */
  markActivation() {
    const [at, length] = [this.config?.activation, this.length || 1];
    if (!this.config || typeof at !== "number" || !state.isBuffer(at, 0)) return;
    this.mark(at, this.config.words.activated, "activation");
    const stretch = document.createElement("span");
    stretch.className = "player-before-stretch";
    stretch.title = this.config.words.bufferHere;
    stretch.style.inlineSize = `${(100 * at) / length}%`;
    this.piece("marks").append(stretch);
  }

  /** What somebody marked on the camera. */
  markMarks() {
    for (const { at, until, words } of this.config?.marks ?? []) {
      this.mark(at, words, "bookmark");
      if (until === null || until <= at) continue;
      const stretch = document.createElement("span");
      stretch.className = "player-marked";
      stretch.title = words;
      stretch.style.insetInlineStart = `${(100 * at) / (this.length || 1)}%`;
      stretch.style.inlineSize = `${(100 * (until - at)) / (this.length || 1)}%`;
      this.piece("marks").append(stretch);
    }
  }

  /** The reason in the server's words, where it gives one. */
  async broken() {
    const address = this.media?.getAttribute("src");
    if (!address || !this.config) return;
    let words = this.config.words.broken;
    try {
      const answer = await fetch(address, { headers: { Accept: "application/json", Range: "bytes=0-0" } });
      if (!answer.ok) words = (await answer.json()).error ?? words;
    } catch {
      // The words that are there already say it.
    }
    this.text("fault-words", words);
    this.piece("fault").hidden = false;
  }
}

customElements.define("candor-player", CandorPlayer);

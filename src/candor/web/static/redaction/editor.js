// @ts-check
/**
 * The redaction editor: what is said of a recording, the picture, the timeline, and people's acts. What it decides lies
 * in the *-state.js files and track-acts.js; every change goes through `commit`, which draws it at once and saves it.
 */

import { timeText } from "../recording/player-state.js";
import { Canvas } from "./canvas.js";
import { ActWrong, FrameTimes, History, apply, documentFrom, firstOf, inverse, partOf } from "./document-state.js";
import { Exempting } from "./exempting.js";
import { Panel } from "./panel.js";
import { Review } from "./review.js";
import { isUncertain } from "./review-state.js";
import { Saving } from "./saving.js";
import { Sound } from "./sound.js";
import { Stage } from "./stage.js";
import { Timeline } from "./timeline.js";
import { plain } from "./track-acts.js";
import { Wishes } from "./wishes.js";

/** @typedef {import("./document-state.js").Act} Act */
/** @typedef {import("./document-state.js").Doc} Doc */
/** @typedef {import("./document-state.js").Kind} Kind */
/** @typedef {import("./document-state.js").Part} Part */
/** @typedef {import("./document-state.js").Track} Track */
/** @typedef {{words: import("./sound.js").Word[], suggestions: import("./sound.js").Suggestion[], speech: [number, number][] | null}} Transcript */
/**
 * @typedef {{part: string, number: number, name: string, picture: {width: number, height: number, aspect: string}, times: FrameTimes,
 *   src: string, strip: import("../recording/player-state.js").Strip | null, wave: string | null, duration: number,
 *   sound: boolean, state: string, transcript: Transcript | null}} PartInfo
 */
/** @typedef {{ok: boolean, status: number, body: any}} Answer */
/** @typedef {{base: string, viewing: string, words: Record<string, string>, kinds: Record<string, string>, letters: Record<string, string>, doubts: Record<string, string>}} Config */

/** Letters that the history takes of an edit. */
const MOST_WORDS = 190;

export class Editor {
  /** @param {HTMLElement} element */
  constructor(element) {
    this.element = element;
    /** @type {Config} */
    this.config = JSON.parse(element.dataset.config ?? "{}");
    this.leaving = new AbortController();
    /** @type {Map<string, HTMLElement>} */
    this.pieces = new Map();
    this.ready = false;
    this.readOnly = true;
    this.emptyTimes = new FrameTimes({ clock: "1/1000", zero: 0, runs: [] });
    /** @type {Doc} */
    this.doc = { style: "solid", parts: new Map() };
    this.history = new History();
    /** @type {PartInfo[]} */
    this.parts = [];
    /** @type {PartInfo} */
    this.part = {
      part: "", number: 0, name: "", picture: { width: 0, height: 0, aspect: "1:1" }, times: this.emptyTimes, src: "", strip: null,
      wave: null, duration: 0, sound: false, state: "", transcript: null,
    }; // prettier-ignore
    this.frame = 0;
    this.time = 0;
    /** @type {Set<string>} */
    this.selected = new Set();
    /** @type {"select" | "box" | "ellipse" | "polygon"} */
    this.tool = "select";
    /** @type {"here" | "everywhere"} */
    this.reach = "here";
    /** @type {Kind} */
    this.drawnKind = "face";
    this.drawnFor = 2;
    this.soundStyle = "mute";
    this.preview = false;
    this.outlines = true;
    this.silent = false;
    this.drawing = 0;
    this.takingBack = false;
    this.stage = new Stage(this);
    this.canvas = new Canvas(this);
    this.timeline = new Timeline(this);
    this.panel = new Panel(this);
    this.saving = new Saving(this);
    this.sound = new Sound(this);
    this.review = new Review(this);
    this.exempting = new Exempting(this);
    this.wishes = new Wishes(this);
    void this.load();
  }

  end() {
    this.leaving.abort();
    this.saving.stop();
    this.review.stop();
    this.stage.media.removeAttribute("src");
    this.stage.media.load();
  }

  // ---------------------------------------------------------------- small things

  /** @param {string} name @returns {HTMLElement} */
  piece(name) {
    const found = this.pieces.get(name) ?? this.element.querySelector(`[data-part="${name}"]`);
    if (!(found instanceof HTMLElement)) throw new Error(`the editor has no ${name}`);
    this.pieces.set(name, found);
    return found;
  }

  /** @param {EventTarget} target @param {string} name @param {(event: any) => void} act @param {AddEventListenerOptions} [more] */
  on(target, name, act, more = {}) {
    target.addEventListener(name, act, { ...more, signal: this.leaving.signal });
  }

  /** A text of the page's language. @param {string} name @param {Record<string, string | number>} [values] */
  word(name, values = {}) {
    const text = this.config.words[name] ?? name;
    return text.replace(/\{(\w+)\}/g, (all, key) => (key in values ? String(values[key]) : all));
  }

  /** @param {Kind} kind */
  kindWord(kind) {
    return this.config.kinds[kind] ?? kind;
  }

  /** @param {Kind} kind */
  letter(kind) {
    return this.config.letters[kind] ?? "?";
  }

  /** @param {string} doubt */
  doubtWord(doubt) {
    return this.config.doubts[doubt] ?? doubt;
  }

  /** What a track is called: by what somebody wrote, or by its kind and when it begins. @param {Track} track */
  nameOf(track) {
    const kind = this.kindWord(track.kind);
    if (track.label) return `${kind}: ${track.label}`;
    return `${kind} ${timeText(this.times.seconds(firstOf(track)))}`;
  }

  /** @param {Track} track */
  originOf(track) {
    if (track.origin === "model") return this.word("byModel", { model: track.model ?? "", score: Math.round((track.score ?? 0) * 100) });
    return this.word(track.origin === "followed" ? "byFollowing" : "byHand");
  }

  /** @param {Track} track */
  uncertain(track) {
    return !track.reviewed && isUncertain(track);
  }

  /** For whoever does not see it, and for everybody in the bar below. @param {string} words */
  say(words) {
    this.piece("live").textContent = words;
  }

  /** @returns {Part} */
  get here() {
    return partOf(this.doc, this.part.part);
  }

  get times() {
    return this.part.times;
  }

  /** Where one is, in seconds of the viewing copy. */
  get seconds() {
    return Math.max(0, this.times.seconds(this.time));
  }

  /** @returns {Track[]} */
  chosen() {
    const { tracks } = this.here;
    return [...this.selected].map((id) => tracks.get(id)).filter((one) => one !== undefined);
  }

  /** @param {string} what @param {any} body @param {boolean} [leaving] @returns {Promise<Answer>} */
  async post(what, body, leaving = false) {
    return this.ask(`${this.config.base}/${what}`, { method: "POST", body: JSON.stringify(body), keepalive: leaving });
  }

  /** @param {string} address @param {RequestInit} [more] @returns {Promise<Answer>} */
  async ask(address, more = {}) {
    try {
      const headers = { Accept: "application/json", "Content-Type": "application/json", "X-CSRF-Token": document.body.dataset.csrf ?? "" };
      const answer = await fetch(address, { headers, ...more });
      return { ok: answer.ok, status: answer.status, body: await answer.json().catch(() => ({})) };
    } catch {
      return { ok: false, status: 0, body: { error: this.word("offline") } };
    }
  }

  // ---------------------------------------------------------------- what there is

  async load() {
    const answer = await this.ask(`${this.config.base}/document.json?viewing=${this.config.viewing ?? ""}`);
    if (!answer.ok) {
      this.lookOn(String(answer.body.error ?? this.word("notLoaded")), false);
      return false;
    }
    const said = answer.body;
    this.doc = documentFrom(said.document);
    this.history = new History(said.history.map((/** @type {any} */ one) => ({ ...one, back: null })));
    this.saving.base = said.edit;
    this.exempting.learn(said.exemptions);
    const first = !this.parts.length;
    this.parts = said.parts.map((/** @type {any} */ one) => ({ ...one, times: new FrameTimes(one.frames) }));
    for (const [part, runs] of Object.entries(said.watched ?? {})) this.review.watched.set(part, /** @type {any} */ (runs));
    if (!this.parts.length) {
      this.lookOn(this.word("noParts"), false);
      return false;
    }
    if (first) {
      this.fillParts();
      // A finding of a proof leads to its place.
      const asked = new URLSearchParams(location.hash.slice(1));
      this.openPart(this.parts.find((one) => one.part === asked.get("part"))?.part ?? this.parts[0].part);
      if (asked.has("at")) this.stage.seek(Number(asked.get("at")) / 1000);
      const held = await this.saving.hold(false);
      if (held.ok) this.work();
      else this.lookOn(this.heldWords(held.body), true);
    } else this.part = this.parts.find((one) => one.part === this.part.part) ?? this.parts[0];
    return true;
  }

  /** Load what is there now, and do again what was not saved. */
  async reload() {
    if (!(await this.load())) return;
    const { doc, lost } = this.saving.replay(this.doc);
    this.doc = doc;
    let number = this.saving.base;
    for (const edit of this.saving.queue) this.history.add({ number: ++number, words: edit.words, undoes: null, back: null });
    if (lost.length) this.say(this.word("lost", { what: lost.map((one) => one.words).join("; ") }));
    this.work();
  }

  /** Who holds it, in words. @param {any} body @param {string} [by] */
  heldWords(body, by) {
    return body.own ? this.word("takenHere") : this.word("taken", { who: body.holder ?? by ?? "" });
  }

  /** From now on this page may change it. */
  work() {
    this.readOnly = false;
    this.piece("banner").hidden = true;
    this.element.classList.remove("is-read-only");
    this.refresh();
  }

  /** From now on this page only looks on. @param {string} words @param {boolean} offer Whether to offer to take over. */
  lookOn(words, offer) {
    this.readOnly = true;
    this.piece("banner").hidden = false;
    this.piece("banner-words").textContent = words;
    this.piece("take-over").hidden = !offer;
    this.element.classList.add("is-read-only");
    if (this.ready) this.refresh();
  }

  fillParts() {
    const select = /** @type {HTMLSelectElement} */ (this.piece("part"));
    select.replaceChildren(...this.parts.map((one) => new Option(this.word("partNamed", { number: one.number, name: one.name }), one.part)));
    this.piece("parts").hidden = (this.parts.length) < 2;
  }

  /** @param {string} id */
  openPart(id) {
    const part = this.parts.find((one) => one.part === id);
    if (!part) return;
    this.part = part;
    this.ready = true;
    this.selected = new Set();
    this.element.classList.toggle("no-picture", !part.picture);
    this.element.classList.toggle("no-sound", !part.sound);
    this.stage.open(part.src);
    this.timeline.open();
    this.arrive(part.times.firstShown);
    if (this.review.active) this.review.begin();
    this.refresh();
  }

  /** A picture is on the screen. @param {number} frame */
  arrive(frame) {
    this.frame = frame;
    this.time = this.times.at(frame);
    if (this.stage.playing) this.timeline.follow();
    this.redraw();
  }

  // ---------------------------------------------------------------- changing

  /**
   * Do acts: at once here, and to be saved. False when they are not to be done.
   * @param {string} words For the history. @param {Act[]} given @param {number | null} [undoes]
   */
  commit(words, given, undoes = null) {
    if (this.readOnly || !given.length) return false;
    // A name that somebody gave stands in it, and may be long, or have letters that are no letters.
    words = plain(words, MOST_WORDS);
    try {
      const back = inverse(this.doc, given);
      this.doc = apply(this.doc, given);
      this.history.add({ number: this.saving.next, words, undoes, back });
    } catch (error) {
      if (!(error instanceof ActWrong)) throw error;
      this.say(this.word("notPossible"));
      return false;
    }
    this.saving.add({ words, acts: given, undoes });
    this.selected = new Set([...this.selected].filter((id) => this.here.tracks.has(id)));
    this.say(words);
    this.refresh();
    return true;
  }

  /** @param {"undo" | "redo"} which */
  async takeBack(which) {
    const edit = this.history[which];
    if (!edit || this.readOnly || this.takingBack) return;
    this.takingBack = true;
    try {
      let back = edit.back;
      if (!back) {
        // From before this page was opened: the server knows what takes it back.
        if (edit.number > this.saving.base) await this.saving.send();
        const answer = await this.ask(`${this.config.base}/undo.json?edit=${edit.number}`);
        if (!answer.ok) {
          this.say(String(answer.body.error ?? this.word("notPossible")));
          return;
        }
        back = /** @type {Act[]} */ (answer.body.acts);
      }
      const words = edit.words.replace(/^(?:↶|↷) /u, "");
      this.commit(`${which === "undo" ? "↶" : "↷"} ${words}`, back, edit.number);
    } finally {
      this.takingBack = false;
    }
  }

  /** Change what is said of everything that is selected. @param {Record<string, any>} values @param {string} word */
  set(values, word) {
    this.commit(
      this.word(word, { count: this.selected.size }),
      this.chosen().map((one) => ({ act: "set-track", part: one.part, id: one.id, values })),
    );
  }

  /** @param {string[]} ids @param {boolean} [tab] */
  select(ids, tab = true) {
    this.selected = new Set(ids);
    if (ids.length && tab) this.showTab("tracks");
    const [track] = this.chosen();
    if (track) this.say(this.word("chosen", { name: ids.length === 1 ? this.nameOf(track) : this.word("several", { count: ids.length }) }));
    this.refresh();
  }

  /** @param {Editor["tool"]} tool */
  setTool(tool) {
    this.canvas.leave();
    this.tool = tool;
    if (tool !== "select") this.say(this.word(`tool-${tool}`));
    this.refresh();
  }

  /** @param {boolean} preview */
  setPreview(preview) {
    this.preview = preview;
    this.say(this.word(preview ? "previewOn" : "previewOff"));
    this.refresh();
  }

  /** @param {string} name */
  showTab(name) {
    for (const tab of this.element.querySelectorAll("[role=tab]")) {
      const chosen = /** @type {HTMLElement} */ (tab).dataset.tab === name;
      tab.setAttribute("aria-selected", String(chosen));
      tab.setAttribute("tabindex", chosen ? "0" : "-1");
      const panel = document.getElementById(tab.getAttribute("aria-controls") ?? "");
      if (panel) panel.hidden = !chosen;
    }
  }

  // ---------------------------------------------------------------- showing

  /** The picture and the timeline, once for the next picture of the screen, however often it is asked for. */
  redraw() {
    if (this.drawing) return;
    this.drawing = requestAnimationFrame(() => {
      this.drawing = 0;
      if (!this.ready) return;
      this.canvas.draw();
      this.timeline.draw();
      this.showPlace();
      this.sound.hear();
      if (!this.stage.playing) this.panel.refresh();
    });
  }

  showPlace() {
    const [seconds, playing] = [this.seconds, this.stage.playing];
    this.piece("elapsed").textContent = timeText(seconds);
    this.piece("length").textContent = timeText(this.part.duration, false);
    this.piece("frame").textContent = `${this.frame}`;
    const line = this.piece("line");
    line.setAttribute("aria-valuenow", seconds.toFixed(2));
    line.setAttribute("aria-valuemax", this.part.duration.toFixed(2));
    if (!playing) line.setAttribute("aria-valuetext", this.word("place", { time: timeText(seconds), frame: this.frame }));
    this.element.classList.toggle("is-moving", playing);
    this.piece("play").setAttribute("aria-label", this.word(playing ? "pause" : "play"));
  }

  /** Everything that stands beside the picture. */
  refresh() {
    if (!this.ready) return;
    this.panel.refresh();
    this.sound.refresh();
    this.review.refresh();
    const press = (/** @type {string} */ name, /** @type {boolean} */ on) => this.piece(name).setAttribute("aria-pressed", String(on));
    for (const tool of ["select", "box", "ellipse", "polygon"]) press(`tool-${tool}`, this.tool === tool);
    press("preview", this.preview);
    press("outlines", this.outlines);
    press("review-toggle", this.review.active);
    press("reach", this.reach === "everywhere");
    press("sound-off", this.silent);
    this.element.dataset.tool = this.tool;
    /** @type {HTMLSelectElement} */ (this.piece("doc-style")).value = this.doc.style;
    const check = (/** @type {string} */ name, /** @type {boolean} */ on) => {
      const box = /** @type {HTMLInputElement} */ (this.piece(name));
      box.checked = on;
      box.disabled = this.readOnly;
    };
    check("mode", this.here.mode === "show-only");
    check("overlay", this.here.overlay);
    check("mute-all", this.here.mute_all);
    this.piece("overlay-places").textContent = this.word("overlayPlaces", { count: this.here.overlay_boxes.length });
    this.piece("overlay-forget").hidden = !this.here.overlay_boxes.length;
    /** @type {HTMLSelectElement} */ (this.piece("doc-style")).disabled = this.readOnly;
    for (const which of /** @type {const} */ (["undo", "redo"])) {
      const button = /** @type {HTMLButtonElement} */ (this.piece(which));
      const next = this.history[which];
      button.disabled = this.readOnly || !next;
      button.title = next ? `${this.word(which)}: ${next.words.replace(/^(?:↶|↷) /u, "")}` : this.word(which);
    }
    for (const button of this.element.querySelectorAll("[data-changes]")) /** @type {HTMLButtonElement} */ (button).disabled = this.readOnly;
    this.redraw();
  }
}


class CandorRedaction extends HTMLElement {
  /** @type {Editor | null} */
  editor = null;

  connectedCallback() {
    this.editor ??= new Editor(this);
  }

  disconnectedCallback() {
    this.editor?.end();
  }
}

customElements.define("candor-redaction", CandorRedaction);

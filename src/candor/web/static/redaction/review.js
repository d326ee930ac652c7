// @ts-check
/** Review: leads through what is uncertain, shortest first; and puts on record which seconds were watched. */

import { timeText } from "../recording/player-state.js";
import * as state from "./review-state.js";
import { firstOf, lastOf } from "./document-state.js";

/** @typedef {import("./editor.js").Editor} Editor */
/** @typedef {import("./review-state.js").Runs} Runs */
/** @typedef {import("./document-state.js").Track} Track */

/** Milliseconds between two reports of what was watched. */
const REPORTED = 10_000;
/** Faster than this nobody watches. */
const FASTEST = 2.01;

export class Review {
  /** @param {Editor} editor */
  constructor(editor) {
    this.editor = editor;
    this.active = false;
    /** Plain tracks too, not only what is uncertain. */
    this.all = false;
    /** @type {Track[]} */
    this.order = [];
    this.place = 0;
    /** @type {Map<string, Runs>} What this person watched, by part; and of it what was not reported. */
    this.watched = new Map();
    /** @type {Map<string, Runs>} */
    this.fresh = new Map();
    this.reporting = setInterval(() => void this.report(), REPORTED);
    this.looking = setInterval(() => this.look(), 250);
    editor.on(document, "visibilitychange", () => void this.report(true));
    editor.on(window, "pagehide", () => void this.report(true));
    const all = /** @type {HTMLInputElement} */ (editor.piece("review-all"));
    editor.on(all, "change", () => {
      this.all = all.checked;
      this.begin();
    });
  }

  stop() {
    clearInterval(this.reporting);
    clearInterval(this.looking);
  }

  // ---------------------------------------------------------------- one after the other

  toggle() {
    this.active = !this.active;
    const { editor } = this;
    editor.piece("review").hidden = !this.active;
    editor.element.classList.toggle("is-review", this.active);
    if (this.active) this.begin();
    else editor.refresh();
  }

  begin() {
    this.order = state.reviewOrder(this.editor.here, this.editor.times, this.all);
    this.place = 0;
    this.#go();
  }

  /** The track that is looked at now. @returns {Track | null} */
  get track() {
    const wanted = this.order[this.place];
    return (wanted && this.editor.here.tracks.get(wanted.id)) ?? null;
  }

  #go() {
    const { editor, track } = this;
    if (track) {
      editor.select([track.id], false);
      const frame = editor.times.numberAt(state.tellingTime(track, editor.part.picture));
      editor.stage.show(frame);
      editor.timeline.lookAt(editor.times.seconds(firstOf(track)), editor.times.seconds(lastOf(track)));
      editor.timeline.reveal(track.id);
      const doubts = track.doubts.map((one) => editor.doubtWord(one)).join(", ");
      editor.say(editor.word("reviewing", { name: editor.nameOf(track), doubts: doubts || editor.word("plain") }));
    } else if (this.active) editor.say(this.#end());
    editor.refresh();
  }

  /** What is said behind the last one: what was passed by was not looked at. */
  #end() {
    const { done, sum } = state.reviewCount(this.editor.here, this.all);
    if (sum > done) return this.editor.word("reviewPassed", { count: sum - done });
    return this.editor.word(this.all ? "reviewDoneAll" : "reviewDone");
  }

  /** @param {number} way */
  next(way) {
    // What was decided elsewhere meanwhile, by an undo for example, is passed by or comes back.
    const last = this.order.length;
    if (way > 0 && !this.track) {
      this.begin(); // once more, through what was passed by
      return;
    }
    let place = this.place + way;
    while (place >= 0 && place < last && !this.editor.here.tracks.has(this.order[place].id)) place += way;
    this.place = Math.min(Math.max(0, place), last);
    this.#go();
  }

  /** @param {boolean} hidden Keep it hidden, or show it. */
  decide(hidden) {
    const { editor, track } = this;
    if (!track) return;
    const values = { hidden, reviewed: true };
    const words = editor.word(hidden ? "kept" : "shown", { name: editor.nameOf(track) });
    if (editor.commit(words, [{ act: "set-track", part: track.part, id: track.id, values }])) this.next(1);
  }

  around() {
    const { editor, track } = this;
    if (editor.stage.playing) {
      editor.stage.toggle();
      return;
    }
    if (!track) return;
    const { from, until } = state.stretchAround(track, editor.times, editor.part.duration);
    editor.stage.around(from, until);
  }

  refresh() {
    const { editor, track } = this;
    const { done, sum } = state.reviewCount(editor.here, this.all);
    const share = sum ? done / sum : 1;
    const progress = /** @type {HTMLProgressElement} */ (editor.piece("review-progress"));
    progress.value = share;
    editor.piece("review-count").textContent = editor.word(this.all ? "reviewedAll" : "reviewed", { done, sum });
    editor.piece("review-open").textContent = sum - done ? String(sum - done) : "";
    editor.piece("review-what").textContent = track ? editor.nameOf(track) : this.#end();
    editor.piece("review-why").textContent = track ? track.doubts.map((one) => editor.doubtWord(one)).join(", ") : "";
    for (const name of ["review-keep", "review-show", "review-exempt", "review-around"]) {
      const button = /** @type {HTMLButtonElement} */ (editor.piece(name));
      button.disabled = !track || (editor.readOnly && name !== "review-around");
    }
    this.showWatched();
  }

  // ---------------------------------------------------------------- what was watched

  /** Four times a second: which second is on the screen, if somebody can be looking at it. */
  look() {
    const { editor } = this;
    if (!editor.ready || !editor.stage.playing || document.visibilityState !== "visible") return;
    if (editor.stage.media.playbackRate > FASTEST) return;
    const second = Math.floor(editor.stage.media.currentTime);
    const { part } = editor.part;
    const had = this.watched.get(part) ?? [];
    const has = state.watchedWith(had, second);
    if (has === had) return;
    this.watched.set(part, has);
    this.fresh.set(part, state.watchedWith(this.fresh.get(part) ?? [], second));
    this.showWatched();
  }

  showWatched() {
    const { editor } = this;
    const seconds = state.watchedSeconds(this.watched.get(editor.part.part) ?? []);
    const whole = Math.max(1, Math.ceil(editor.part.duration));
    const share = Math.min(100, Math.floor((100 * seconds) / whole));
    editor.piece("watched").textContent = editor.word("watched", { share, length: timeText(editor.part.duration, false) });
  }

  /** @param {boolean} [leaving] */
  async report(leaving = false) {
    for (const [part, runs] of this.fresh) {
      this.fresh.delete(part);
      const { saving, config } = this.editor;
      const said = { part, runs, edit: saving.base, viewing: config.viewing };
      const answer = await this.editor.post("watched", said, leaving);
      if (!answer.ok && !leaving) this.fresh.set(part, state.mergedRuns(runs, this.fresh.get(part) ?? []));
    }
  }
}

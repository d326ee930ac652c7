// @ts-check
/** What people wish, by key or button: each wish as acts on what is selected, or as a move of the picture. */

import { trackAt } from "./document-state.js";
import { isTaken, wishOf } from "./keys-state.js";
import * as acts from "./track-acts.js";

/** @typedef {import("./document-state.js").Track} Track */
/** @typedef {import("./editor.js").Editor} Editor */
/** @typedef {import("./keys-state.js").Wish} Wish */

export class Wishes {
  /** @param {Editor} editor */
  constructor(editor) {
    this.editor = editor;
    this.working = /** @type {AbortController | null} */ (null);
    this.listen();
  }

  // ---------------------------------------------------------------- wishes

  listen() {
    this.editor.on(this.editor.element, "keydown", (event) => this.tabKey(event));
    this.editor.on(document, "keydown", (event) => this.key(event));
    this.editor.on(this.editor.element, "click", (event) => this.pressed(event));
    this.editor.on(this.editor.piece("part"), "change", (event) => this.editor.openPart(event.target.value));
    this.editor.on(this.editor.piece("speed"), "change", (event) => {
      this.editor.stage.media.playbackRate = Number(event.target.value);
    });
    this.editor.on(this.editor.piece("drawn-kind"), "change", (event) => (this.editor.drawnKind = event.target.value));
    this.editor.on(this.editor.piece("drawn-for"), "change", (event) => (this.editor.drawnFor = Number(event.target.value)));
    this.editor.on(this.editor.piece("doc-style"), "change", (event) =>
      this.editor.commit(this.editor.word("styleChanged"), [{ act: "set", values: { style: event.target.value } }]),
    );
    for (const [name, value] of [["mode", "mode"], ["overlay", "overlay"], ["mute-all", "mute_all"]]) {
      this.editor.on(this.editor.piece(name), "change", ({ target }) => {
        const set = value === "mode" ? (target.checked ? "show-only" : "hide") : target.checked;
        this.editor.commit(this.editor.word(`${name}-${target.checked ? "on" : "off"}`), [{ act: "set-part", part: this.editor.part.part, values: { [value]: set } }]);
      });
    }
  }

  /** From tab to tab. @param {KeyboardEvent} event */
  tabKey(event) {
    const tabs = /** @type {HTMLElement[]} */ ([...this.editor.element.querySelectorAll("[role=tab]")]);
    const way = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
    const at = tabs.findIndex((one) => one === event.target);
    if (!way || at < 0) return;
    const next = tabs[(at + way + tabs.length) % tabs.length];
    this.editor.showTab(next.dataset.tab ?? "tracks");
    next.focus();
    event.preventDefault();
  }

  /** @param {KeyboardEvent} event */
  key(event) {
    if (event.defaultPrevented || document.querySelector("dialog[open]") || isTaken(event.target, event)) return;
    if (!this.editor.ready) return;
    if (event.key === "Enter" && (this.editor.tool === "box" || this.editor.tool === "ellipse")) {
      event.preventDefault();
      this.editor.canvas.placeInMiddle();
      return;
    }
    const wish = wishOf(event, { selected: this.editor.selected.size > 0, review: this.editor.review.active });
    if (!wish) return;
    event.preventDefault();
    this.perform(wish);
  }

  /** @param {MouseEvent} event */
  pressed(event) {
    const target = event.target instanceof Element ? event.target.closest("[data-act], [role=tab]") : null;
    if (!(target instanceof HTMLElement)) return;
    if (target.getAttribute("role") === "tab") this.editor.showTab(target.dataset.tab ?? "tracks");
    else this.perform({ act: target.dataset.act ?? "", value: Number(target.dataset.value ?? 1) });
  }

  /** @param {Wish} wish */
  perform(wish) {
    const { stage, timeline, review, sound } = this.editor;
    const value = wish.value ?? 1;
    switch (wish.act) {
      case "toggle": return stage.toggle();
      case "frame": return this.step(value);
      case "seek": return stage.seek(this.editor.seconds + value);
      case "to": return stage.seek(Math.min(value, this.editor.part.duration));
      case "undo": case "redo": return void this.editor.takeBack(wish.act);
      case "save": return void this.editor.saving.send();
      case "take-over": return void this.editor.saving.takeOver();
      case "review": return review.toggle();
      case "keep": return review.decide(true);
      case "show": return review.decide(false);
      case "around": return review.around();
      case "review-next": return review.next(value);
      case "exempt": return this.exempt();
      case "preview": return this.editor.setPreview(!this.editor.preview);
      case "outlines": this.editor.outlines = !this.editor.outlines; return this.editor.refresh();
      case "help": return /** @type {HTMLDialogElement} */ (this.editor.piece("keys")).showModal();
      case "sound-off": this.editor.silent = !this.editor.silent; return this.editor.refresh();
      case "mute": return this.editor.readOnly ? undefined : sound.mark();
      case "mute-words": return sound.muteWords();
      case "zoom": return timeline.zoom(value);
      case "zoom-all": return timeline.zoomAll();
      case "closer": return stage.zoomBy(value);
      case "zoom-to": return this.zoomTo();
      case "leave": return this.leave();
      case "stop-work": return this.working?.abort();
      default: return this.performOnTracks(wish);
    }
  } // prettier-ignore

  /** @param {Wish} wish */
  performOnTracks(wish) {
    if (this.editor.readOnly) {
      this.editor.say(this.editor.piece("banner-words").textContent ?? "");
      return;
    }
    const value = wish.value ?? 1;
    const [track] = this.editor.chosen();
    const one = this.editor.selected.size === 1 ? track : undefined;
    const time = this.editor.time;
    switch (wish.act) {
      case "tool-select": return this.editor.setTool("select");
      case "tool-box": return this.editor.setTool("box");
      case "tool-ellipse": return this.editor.setTool("ellipse");
      case "tool-polygon": return this.editor.setTool("polygon");
      case "whole-picture": return this.hideWhole();
      case "reach": this.editor.reach = this.editor.reach === "here" ? "everywhere" : "here"; return this.editor.refresh();
      case "hide": return this.hide();
      case "delete": return this.drop();
      case "follow": return void this.follow(value);
      case "person": return void this.person();
      case "merge": return this.merge();
      case "overlay-here": return this.overlayHere();
      case "overlay-forget": return void this.editor.commit(this.editor.word("overlayForgotten"), this.#part({ overlay_boxes: [], overlay: false }));
      case "nudge": return this.nudge(wish.x ?? 0, wish.y ?? 0, wish.whole);
      case "widen": return this.widen(value, wish.whole);
      case "key": return this.toKey(value);
    }
    if (!one) return;
    switch (wish.act) {
      case "put-key": {
        const numbers = trackAt(one, time);
        if (numbers) this.editor.commit(this.editor.word("keyPut"), acts.putKey(one, time, numbers));
        return;
      }
      case "drop-key": return void this.editor.commit(this.editor.word("keyDropped"), acts.dropKey(one, time));
      case "begin-here": return void this.editor.commit(this.editor.word("trimmed"), acts.trim(one, time, "begin"));
      case "end-here": return void this.editor.commit(this.editor.word("trimmed"), acts.trim(one, time, "end"));
      case "split": return this.split(one);
    }
  } // prettier-ignore

  /** @param {number} by */
  step(by) {
    const from = this.editor.stage.wanted ?? this.editor.frame;
    this.editor.stage.show(from + by);
    this.editor.timeline.follow();
  }

  /** @param {number} way */
  toKey(way) {
    const [track] = this.editor.chosen();
    const at = track ? acts.nextKey(track, this.editor.time, way) : null;
    if (at !== null) this.editor.stage.show(this.editor.times.numberAt(at));
  }

  hide() {
    const tracks = this.editor.chosen();
    if (!tracks.length) return;
    const hidden = !tracks.every((one) => one.hidden);
    const word = hidden ? "hidden" : "shownAll";
    this.editor.set({ hidden, reviewed: true }, word);
  }

  drop() {
    if (this.editor.sound.chosen && !this.editor.selected.size) {
      this.editor.sound.drop(this.editor.sound.chosen);
      return;
    }
    const tracks = this.editor.chosen();
    this.editor.commit(
      this.editor.word("dropped", { count: tracks.length }),
      tracks.map((one) => ({ act: "drop-track", part: one.part, id: one.id })),
    );
  }

  merge() {
    const tracks = this.editor.chosen();
    const done = acts.merge(tracks, this.editor.times);
    if (!done.length) {
      this.editor.say(this.editor.word("notMerged"));
      return;
    }
    const kept = done[done.length - 1].track.id;
    if (this.editor.commit(this.editor.word("merged", { count: tracks.length }), done)) this.editor.select([kept]);
  }

  /** @param {Track} track */
  split(track) {
    const id = acts.newId();
    const done = acts.split(track, this.editor.times, this.editor.frame, id);
    if (!done.length) this.editor.say(this.editor.word("notSplit"));
    else if (this.editor.commit(this.editor.word("split"), done)) this.editor.select([id]);
  }

  /** @param {number} x @param {number} y @param {boolean} [whole] */
  nudge(x, y, whole) {
    const where = whole ? "everywhere" : this.editor.reach;
    const done = this.editor.chosen().flatMap((one) => acts.reshape(one, this.editor.time, [x, y, x, y], where));
    this.editor.commit(this.editor.word("moved"), done);
  }

  /** @param {number} by @param {boolean} [whole] */
  widen(by, whole) {
    const where = whole ? "everywhere" : this.editor.reach;
    const done = this.editor.chosen().flatMap((one) => acts.reshape(one, this.editor.time, [-by, -by, by, by], where));
    this.editor.commit(this.editor.word("resized"), done);
  }

  /** The whole picture, for as long as was chosen. */
  hideWhole() {
    const until = this.editor.times.at(this.editor.times.shownAt(this.editor.seconds + this.editor.drawnFor));
    const track = acts.drawnTrack({
      part: this.editor.part.part, shape: "whole", kind: "frame", numbers: [], from: this.editor.time, until,
      exemption: this.editor.exempting.last,
    }); // prettier-ignore
    if (this.editor.commit(this.editor.word("drawn", { kind: this.editor.kindWord("frame") }), [{ act: "put-track", part: track.part, track }])) this.editor.select([track.id]);
  }

  /** @param {Record<string, any>} values */
  #part(values) {
    return [{ act: "set-part", part: this.editor.part.part, values }];
  }

  /** The chosen box is where the camera writes: hidden in every picture, by one switch. */
  overlayHere() {
    const { editor } = this;
    const [track] = editor.chosen();
    const numbers = track ? trackAt(track, editor.time) : null;
    if (!track || !numbers || track.shape === "whole" || editor.here.overlay_boxes.length >= 16) {
      editor.say(editor.word("overlayNeeds"));
      return;
    }
    const boxes = [...editor.here.overlay_boxes, acts.tenths(acts.boxOf(track.shape, numbers, editor.part.picture))];
    const drop = { act: "drop-track", part: track.part, id: track.id };
    editor.commit(editor.word("overlaySet"), [...this.#part({ overlay_boxes: boxes, overlay: true }), drop]);
  }

  exempt() {
    if (!this.editor.selected.size) return;
    this.editor.showTab("tracks");
    this.editor.piece("track-exemption").focus();
  }

  zoomTo() {
    const [track] = this.editor.chosen();
    const numbers = track ? trackAt(track, this.editor.time) : null;
    const picture = this.editor.part.picture;
    this.editor.stage.zoomTo(track && numbers ? acts.boxOf(track.shape, numbers, picture) : null);
  }

  leave() {
    if (this.editor.canvas.leave()) return;
    if (this.editor.tool !== "select") this.editor.setTool("select");
    else if (this.editor.selected.size) this.editor.select([]);
    else if (this.editor.review.active) this.editor.review.toggle();
  }

  // ---------------------------------------------------------------- the server's help

  /** Have what is selected followed from here on. @param {number} way */
  async follow(way) {
    const [track] = this.editor.chosen();
    const numbers = track ? trackAt(track, this.editor.time) : null;
    if (!track || !numbers || this.editor.readOnly || this.working) return;
    const box = acts.boxOf(track.shape, numbers, this.editor.part.picture);
    const answer = await this.waitFor("following", "follow", {
      part: track.part, box, at: this.editor.time, direction: way < 0 ? "backward" : "forward",
    }); // prettier-ignore
    const now = this.editor.here.tracks.get(track.id);
    if (!answer || !now) return;
    /** @type {number[][]} */
    const keys = answer.keys;
    if (keys.length < 2) {
      this.editor.say(this.editor.word(`followed-${answer.why}`));
      return;
    }
    const [first, last] = [keys[0][0], keys[keys.length - 1][0]];
    // What a model found further on stays; what somebody only guessed when drawing does not.
    const stays = now.origin === "model";
    const before = now.keys.filter((one) => one[0] < first && (way > 0 || stays));
    const behind = now.keys.filter((one) => one[0] > last && (way < 0 || stays));
    const merged = [...before, ...keys, ...behind];
    const shape = now.shape === "ellipse" ? "ellipse" : "box";
    const followed = { ...now, shape, keys: merged, origin: now.origin === "person" ? "followed" : now.origin };
    if (this.editor.commit(this.editor.word("followed", { name: this.editor.nameOf(now) }), [{ act: "put-track", part: now.part, track: followed }])) {
      this.editor.stage.show(this.editor.times.numberAt(way < 0 ? first : last));
      this.editor.say(this.editor.word(`followed-${answer.why}`));
    }
  }

  /** Find the same person elsewhere in this recording. */
  async person() {
    const [track] = this.editor.chosen();
    if (!track || this.editor.readOnly || this.working) return;
    const answer = await this.waitFor("searching", "person", { part: track.part, track: track.id });
    if (!answer) return;
    const found = answer.tracks.filter((/** @type {{id: string}} */ one) => this.editor.here.tracks.has(one.id) && one.id !== track.id);
    if (!found.length) {
      this.editor.say(this.editor.word("nobodyElse"));
      return;
    }
    const ids = [track.id, ...found.map((/** @type {{id: string}} */ one) => one.id)];
    const group = track.group ?? acts.newId();
    this.editor.select(ids);
    this.editor.commit(this.editor.word("grouped", { count: ids.length }), ids.map((id) => ({ act: "set-track", part: track.part, id, values: { group } })));
  }

  /** @param {string} word @param {string} what @param {any} body */
  async waitFor(word, what, body) {
    this.working = new AbortController();
    this.editor.piece("at-work").hidden = false;
    this.editor.piece("at-work-words").textContent = this.editor.word(word);
    try {
      const answer = await this.editor.ask(`${this.editor.config.base}/${what}`, {
        method: "POST", body: JSON.stringify({ ...body, viewing: this.editor.config.viewing }), signal: this.working.signal,
      });
      if (!answer.ok && !this.working.signal.aborted) this.editor.say(String(answer.body.error ?? this.editor.word("notPossible")));
      return answer.ok ? answer.body : null;
    } finally {
      this.working = null;
      this.editor.piece("at-work").hidden = true;
    }
  }
}

// @ts-check
/** Beside the picture: what is selected with everything that can be done to it, and all tracks as a list. */

import { timeText } from "../recording/player-state.js";
import { firstOf, lastOf, trackAt } from "./document-state.js";
import { hasKey, plain } from "./track-acts.js";

/** @typedef {import("./document-state.js").Track} Track */
/** @typedef {import("./editor.js").Editor} Editor */

/** Rows of the list that stand there at once. */
const PAGE = 120;

export class Panel {
  /** @param {Editor} editor */
  constructor(editor) {
    this.editor = editor;
    this.shown = PAGE;
    /** What the list was made of, so that it is made again only then. */
    this.listed = /** @type {unknown[]} */ ([]);
    const on = (/** @type {string} */ name, /** @type {string} */ what, /** @type {(event: any) => void} */ act) =>
      editor.on(editor.piece(name), what, act);
    on("tracks", "click", (event) => this.rowPressed(event));
    on("more-tracks", "click", () => {
      this.shown += PAGE;
      this.refresh();
    });
    on("which", "change", () => {
      this.shown = PAGE;
      this.refresh();
    });
    on("track-kind", "change", (event) => editor.set({ kind: event.target.value }, "kindChanged"));
    on("track-style", "change", (event) => editor.set({ style: event.target.value || null }, "styleChanged"));
    on("track-exemption", "change", (event) =>
      editor.exempting.choose(event.target, (key) => editor.set({ exemption: key }, "exemptionChanged")),
    );
    on("track-label", "change", (event) => editor.set({ label: plain(event.target.value, 200) }, "labelChanged"));
  }

  refresh() {
    this.#refreshSelected();
    this.#refreshList();
  }

  #refreshSelected() {
    const { editor } = this;
    const tracks = editor.chosen();
    const [track] = tracks;
    editor.piece("nothing-chosen").hidden = tracks.length > 0;
    editor.piece("chosen").hidden = tracks.length === 0;
    if (!track) return;
    const { times } = editor;
    const one = tracks.length === 1;
    editor.piece("chosen-name").textContent = one ? editor.nameOf(track) : editor.word("several", { count: tracks.length });
    const from = Math.min(...tracks.map(firstOf));
    const until = Math.max(...tracks.map(lastOf));
    editor.piece("chosen-times").textContent = `${timeText(times.seconds(from))} – ${timeText(times.seconds(until))}`;
    const doubts = one ? track.doubts.map((name) => editor.doubtWord(name)) : [];
    editor.piece("chosen-doubts").textContent = doubts.join(", ");
    editor.piece("chosen-doubts").hidden = !doubts.length;
    editor.piece("chosen-origin").textContent = one ? editor.originOf(track) : "";
    const same = (/** @type {(track: Track) => unknown} */ of) => tracks.every((other) => of(other) === of(track));
    this.#fill("track-kind", same((other) => other.kind) ? track.kind : "");
    this.#fill("track-style", same((other) => other.style) ? (track.style ?? "") : "");
    editor.exempting.fill(/** @type {HTMLSelectElement} */ (editor.piece("track-exemption")), same((other) => other.exemption) ? track.exemption : null);
    const label = /** @type {HTMLInputElement} */ (editor.piece("track-label"));
    if (document.activeElement !== label) label.value = same((other) => other.label) ? track.label : "";
    for (const name of ["track-kind", "track-style", "track-exemption", "track-label"]) {
      /** @type {HTMLInputElement} */ (editor.piece(name)).disabled = editor.readOnly;
    }
    const hidden = tracks.every((other) => other.hidden);
    editor.piece("hide-words").textContent = editor.word(hidden ? "showIt" : "hideIt");
    const there = one && trackAt(track, editor.time) !== null;
    this.#allow({
      hide: true, delete: true, follow: one && there && track.shape !== "polygon" && track.shape !== "whole",
      "put-key": one && there, "drop-key": one && track.keys.length > 1 && hasKey(track, editor.time),
      split: one && there && editor.time > firstOf(track), merge: tracks.length > 1,
      person: one && track.shape !== "whole", "begin-here": one, "end-here": one,
    }); // prettier-ignore
  }

  /** @param {string} name @param {string} value */
  #fill(name, value) {
    /** @type {HTMLSelectElement} */ (this.editor.piece(name)).value = value;
  }

  /** @param {Record<string, boolean>} acts */
  #allow(acts) {
    for (const button of this.editor.piece("chosen").querySelectorAll("button[data-act]")) {
      if (button instanceof HTMLButtonElement) button.disabled = this.editor.readOnly || !acts[button.dataset.act ?? ""];
    }
  }

  // ---------------------------------------------------------------- the list

  /** @returns {Track[]} */
  #wanted() {
    const { editor } = this;
    const which = /** @type {HTMLSelectElement} */ (editor.piece("which")).value;
    const all = [...editor.here.tracks.values()];
    const found = all.filter((track) => {
      if (which === "now") return trackAt(track, editor.time) !== null;
      if (which === "uncertain") return editor.uncertain(track);
      if (which === "shown") return !track.hidden;
      if (which === "hidden") return track.hidden;
      if (which === "drawn") return track.origin !== "model";
      return true;
    });
    return found.sort((a, b) => firstOf(a) - firstOf(b) || lastOf(a) - lastOf(b));
  }

  #refreshList() {
    const { editor } = this;
    const which = /** @type {HTMLSelectElement} */ (editor.piece("which")).value;
    const made = [editor.here.tracks, which, this.shown, [...editor.selected].join(), which === "now" ? editor.time : 0];
    if (made.every((one, at) => one === this.listed[at])) return;
    this.listed = made;
    const found = this.#wanted();
    editor.piece("track-count").textContent = editor.word("trackCount", { count: found.length });
    const place = editor.piece("tracks");
    const had = document.activeElement instanceof HTMLElement && place.contains(document.activeElement) ? document.activeElement.dataset.track : null;
    place.replaceChildren(...found.slice(0, this.shown).map((track) => this.#row(track)));
    editor.piece("more-tracks").hidden = found.length <= this.shown;
    editor.piece("no-tracks").hidden = found.length > 0;
    if (had) /** @type {HTMLElement | null} */ (place.querySelector(`[data-track="${CSS.escape(had)}"]`))?.focus({ preventScroll: true });
  }

  /** @param {Track} track */
  #row(track) {
    const { editor } = this;
    const row = document.createElement("li");
    const button = document.createElement("button");
    button.type = "button";
    button.className = `track-row kind-${track.kind}`;
    button.dataset.track = track.id;
    button.setAttribute("aria-pressed", String(editor.selected.has(track.id)));
    const letter = document.createElement("span");
    letter.className = "track-letter";
    letter.setAttribute("aria-hidden", "true");
    letter.textContent = editor.letter(track.kind);
    const name = document.createElement("span");
    name.className = "track-name";
    name.textContent = editor.nameOf(track);
    const said = document.createElement("span");
    said.className = "track-said";
    const words = [track.hidden ? "" : editor.word("isShown"), editor.uncertain(track) ? editor.word("isUncertain") : ""];
    said.textContent = words.filter(Boolean).join(", ");
    button.append(letter, name, said);
    row.append(button);
    return row;
  }

  /** @param {MouseEvent} event */
  rowPressed(event) {
    const button = event.target instanceof Element ? event.target.closest("[data-track]") : null;
    if (!(button instanceof HTMLElement)) return;
    const { editor } = this;
    const id = button.dataset.track ?? "";
    const track = editor.here.tracks.get(id);
    if (!track) return;
    if (event.shiftKey || event.ctrlKey || event.metaKey) {
      editor.select(editor.selected.has(id) ? [...editor.selected].filter((one) => one !== id) : [...editor.selected, id]);
      return;
    }
    editor.select([id]);
    if (trackAt(track, editor.time) === null) editor.stage.show(editor.times.numberAt(firstOf(track)));
    editor.timeline.reveal(id);
  }
}

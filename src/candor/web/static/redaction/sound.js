// @ts-check
/** Sound: stretches that are muted, bleeped or distorted; words of a transcript; what the preview lets one hear. */

import { timeText } from "../recording/player-state.js";
import { newId, plain } from "./track-acts.js";

/** @typedef {import("./document-state.js").Act} Act */
/** @typedef {import("./document-state.js").Span} Span */
/** @typedef {import("./editor.js").Editor} Editor */
/** `cover`: what has to be muted so that it is not heard. @typedef {{begin: number, until: number, text: string, confidence: number | null, cover: [number, number]}} Word */
/** `words`: the first and the last, by number. @typedef {{kind: string, words: [number, number], text: string, why: string, cover: [number, number]}} Suggestion */

/** Words that stand there at once: about two hours of talk. */
const SHOWN_WORDS = 20_000;

export class Sound {
  /** @param {Editor} editor */
  constructor(editor) {
    this.editor = editor;
    /** @type {string | null} */
    this.chosen = null;
    /** @type {number | null} Where a stretch begins that is still open, in milliseconds. */
    this.open = null;
    /** @type {[number, number] | null} Words that are chosen, first and last. */
    this.words = null;
    /** @type {Map<string, HTMLElement>} */
    this.rows = new Map();
    /** @type {object | null} The part whose words stand there. */
    this.wordsOf = null;
    /** What the words were marked by, so that thousands are marked again only then. */
    this.marked = /** @type {unknown[]} */ ([]);
    editor.on(editor.piece("words"), "click", (event) => this.wordPressed(event));
    editor.on(editor.piece("spans"), "click", (event) => this.rowPressed(event));
    editor.on(editor.piece("spans"), "change", (event) => this.rowChanged(event));
    editor.on(editor.piece("suggestions"), "click", (event) => this.suggestionPressed(event));
  }

  /** @returns {Word[]} */
  get spoken() {
    return this.editor.part.transcript?.words ?? [];
  }

  // ---------------------------------------------------------------- stretches

  /** @param {number} begin @param {number} until Milliseconds. @param {Partial<Span>} [more] @returns {Span} */
  span(begin, until, more = {}) {
    return {
      id: newId(), part: this.editor.part.part, begin: Math.round(begin), until: Math.round(until),
      style: /** @type {Span["style"]} */ (this.editor.soundStyle), exemption: this.editor.exempting.last, label: "",
      origin: "person", hidden: true, reviewed: true, ...more,
    }; // prettier-ignore
  }

  /** @param {number} begin @param {number} until @param {Partial<Span>} [more] */
  add(begin, until, more) {
    const span = this.span(Math.max(0, begin), until, more);
    const words = this.editor.word("silenced", { from: timeText(span.begin / 1000), until: timeText(span.until / 1000) });
    if (!this.editor.commit(words, [{ act: "put-span", part: span.part, span }])) return;
    this.choose(span.id);
  }

  /** @param {Span} span @param {Partial<Span>} values */
  change(span, values) {
    this.editor.commit(this.editor.word("spanChanged"), [{ act: "put-span", part: span.part, span: { ...span, ...values } }]);
  }

  /** @param {string} id */
  drop(id) {
    if (this.chosen === id) this.chosen = null;
    this.editor.commit(this.editor.word("spanDropped"), [{ act: "drop-span", part: this.editor.part.part, id }]);
  }

  /** @param {string | null} id */
  choose(id) {
    this.chosen = id;
    if (id) this.editor.showTab("sound");
    this.editor.refresh();
  }

  /** The key for it: begins a stretch here, the second time ends it. With words chosen: these. */
  mark() {
    const { editor } = this;
    if (this.words) {
      this.muteWords();
      return;
    }
    const here = Math.round(editor.seconds * 1000);
    if (this.open === null) {
      this.open = here;
      editor.say(editor.word("soundBegun", { at: timeText(here / 1000) }));
    } else {
      const [begin, until] = [Math.min(this.open, here), Math.max(this.open, here)];
      this.open = null;
      if (until - begin >= 20) this.add(begin, until);
    }
    editor.refresh();
  }

  // ---------------------------------------------------------------- the panel

  refresh() {
    const { editor } = this;
    const spans = [...editor.here.spans.values()].sort((a, b) => a.begin - b.begin);
    const place = editor.piece("spans");
    for (const [id, row] of this.rows) {
      if (editor.here.spans.has(id)) continue;
      row.remove();
      this.rows.delete(id);
    }
    spans.forEach((span, at) => {
      const row = this.rows.get(span.id) ?? this.#row(span);
      this.#fill(row, span);
      if (place.children[at] !== row) place.insertBefore(row, place.children[at] ?? null);
    });
    editor.piece("no-spans").hidden = spans.length > 0;
    editor.piece("mark-words").textContent = editor.word(this.open === null ? "muteFrom" : "muteUntil");
    this.#showWords();
  }

  /** @param {Span} span */
  #row(span) {
    const template = /** @type {HTMLTemplateElement} */ (this.editor.piece("span-row"));
    const row = /** @type {HTMLElement} */ (template.content.firstElementChild?.cloneNode(true));
    row.dataset.span = span.id;
    this.rows.set(span.id, row);
    return row;
  }

  /** @param {HTMLElement} row @param {Span} span */
  #fill(row, span) {
    const { editor } = this;
    row.classList.toggle("is-chosen", span.id === this.chosen);
    const inside = (/** @type {string} */ name) => /** @type {HTMLElement} */ (row.querySelector(`[data-is="${name}"]`));
    const times = `${timeText(span.begin / 1000)} – ${timeText(span.until / 1000)}`;
    inside("times").textContent = times;
    inside("label").textContent = span.label;
    const style = /** @type {HTMLSelectElement} */ (inside("style"));
    style.value = span.style;
    style.disabled = editor.readOnly;
    style.setAttribute("aria-label", editor.word("styleOf", { what: times }));
    const why = /** @type {HTMLSelectElement} */ (inside("exemption"));
    editor.exempting.fill(why, span.exemption);
    why.disabled = editor.readOnly;
    why.setAttribute("aria-label", editor.word("exemptionOf", { what: times }));
    const drop = /** @type {HTMLButtonElement} */ (inside("drop"));
    drop.disabled = editor.readOnly;
    drop.setAttribute("aria-label", editor.word("dropSpan", { what: times }));
  }

  /** @param {Event} event */
  #spanOf(event) {
    const row = event.target instanceof Element ? event.target.closest("[data-span]") : null;
    return row instanceof HTMLElement ? (this.editor.here.spans.get(row.dataset.span ?? "") ?? null) : null;
  }

  /** @param {Event} event */
  rowPressed(event) {
    const span = this.#spanOf(event);
    const button = event.target instanceof Element ? event.target.closest("button") : null;
    if (!span || !button) return;
    if (button.dataset.is === "drop") this.drop(span.id);
    else {
      this.choose(span.id);
      this.editor.stage.seek(span.begin / 1000);
    }
  }

  /** @param {Event} event */
  rowChanged(event) {
    const [span, field] = [this.#spanOf(event), event.target];
    if (!span || !(field instanceof HTMLSelectElement)) return;
    if (field.dataset.is === "style") {
      this.editor.soundStyle = field.value;
      this.change(span, { style: /** @type {Span["style"]} */ (field.value) });
    } else this.editor.exempting.choose(field, (key) => this.change(span, { exemption: key }));
  }

  // ---------------------------------------------------------------- words

  #showWords() {
    const { editor } = this;
    const place = editor.piece("words");
    if (this.wordsOf !== editor.part) {
      this.wordsOf = editor.part;
      this.words = null;
      place.replaceChildren(
        ...this.spoken.slice(0, SHOWN_WORDS).map((word, at) => {
          const button = document.createElement("button");
          button.type = "button";
          button.className = "word";
          button.dataset.word = String(at);
          button.textContent = word.text;
          if (word.confidence !== null && word.confidence < 0.6) button.classList.add("is-unsure");
          return button;
        }),
      );
      this.marked = [];
      const more = this.spoken.length - SHOWN_WORDS;
      if (more > 0) place.append(editor.word("wordsMore", { count: more }));
      editor.piece("transcript").hidden = this.spoken.length === 0;
      editor.piece("no-transcript").hidden = this.spoken.length > 0;
    }
    const mute = /** @type {HTMLButtonElement} */ (editor.piece("mute-words"));
    mute.disabled = editor.readOnly || this.words === null;
    const now = [editor.part, editor.here.spans, editor.here.mute_all, this.words, editor.readOnly];
    if (now.every((one, at) => one === this.marked[at])) return;
    this.marked = now;
    this.#showSuggestions();
    this.spoken.slice(0, SHOWN_WORDS).forEach((word, at) => {
      const button = /** @type {HTMLElement} */ (place.children[at]);
      // Half a word is still heard: it counts as hidden only when all of it is.
      const hidden = this.#covers(word.begin, word.until);
      button.classList.toggle("is-hidden", hidden);
      const chosen = this.words !== null && at >= this.words[0] && at <= this.words[1];
      if (button.getAttribute("aria-pressed") !== String(chosen)) button.setAttribute("aria-pressed", String(chosen));
    });
  }

  /** Whether nothing is heard between two moments, in milliseconds. @param {number} begin @param {number} until */
  #covers(begin, until) {
    if (this.editor.here.mute_all) return true;
    return [...this.editor.here.spans.values()].some((one) => one.hidden && one.begin <= begin && one.until >= until);
  }

  /** @param {Event} event */
  wordPressed(event) {
    const button = event.target instanceof Element ? event.target.closest("[data-word]") : null;
    if (!(button instanceof HTMLElement)) return;
    const at = Number(button.dataset.word);
    const more = /** @type {MouseEvent} */ (event).shiftKey && this.words;
    if (more) this.words = [Math.min(more[0], at), Math.max(more[1], at)];
    else this.words = this.words && this.words[0] === at && this.words[1] === at ? null : [at, at];
    this.editor.stage.seek(this.spoken[at].begin / 1000);
    this.editor.refresh();
  }

  muteWords() {
    if (!this.words) return;
    const [first, last] = this.words;
    const said = this.spoken.slice(first, last + 1).map((one) => one.text).join(" "); // prettier-ignore
    this.words = null;
    this.add(this.spoken[first].cover[0], this.spoken[last].cover[1], { label: plain(said, 100) });
  }

  #showSuggestions() {
    const { editor } = this;
    /** @type {Suggestion[]} */
    const found = editor.part.transcript?.suggestions ?? [];
    // What is muted by now wants nothing more; it comes back when that is taken back.
    const open = [...found.entries()].filter(([, one]) => !this.#covers(one.cover[0], one.cover[1]));
    editor.piece("suggested").hidden = open.length === 0;
    editor.piece("suggestions").replaceChildren(
      ...open.map(([at, one]) => {
        const row = document.createElement("li");
        const text = document.createElement("span");
        text.className = "suggestion-text";
        text.textContent = one.text;
        const why = document.createElement("span");
        why.className = "badge";
        why.textContent = one.why;
        const button = document.createElement("button");
        button.type = "button";
        button.className = "button tight";
        button.dataset.suggestion = String(at);
        // A transcript without the times of words says only when its line is said: then all of that is muted.
        const seconds = ((one.cover[1] - one.cover[0]) / 1000).toFixed(1);
        button.textContent = editor.word("muteSeconds", { seconds });
        button.disabled = editor.readOnly;
        button.setAttribute("aria-label", editor.word("muteThis", { what: one.text, seconds }));
        row.append(text, why, button);
        return row;
      }),
    );
  }

  /** @param {Event} event */
  suggestionPressed(event) {
    const button = event.target instanceof Element ? event.target.closest("[data-suggestion]") : null;
    if (!(button instanceof HTMLButtonElement)) return;
    const one = /** @type {Suggestion} */ (this.editor.part.transcript?.suggestions[Number(button.dataset.suggestion)]);
    this.add(one.cover[0], one.cover[1], { label: plain(one.text, 100) });
  }

  // ---------------------------------------------------------------- hearing

  /** In the preview hidden stretches are silent, with a tone where one will be. */
  hear() {
    const { editor } = this;
    const at = editor.stage.media.currentTime * 1000;
    const span = editor.preview
      ? [...editor.here.spans.values()].find((one) => one.hidden && at >= one.begin - 40 && at < one.until + 40)
      : undefined;
    editor.stage.media.muted = editor.silent || (editor.preview && (editor.here.mute_all || span !== undefined));
    this.#tone(editor.stage.playing && !editor.silent && span?.style === "bleep");
  }

  /** @param {boolean} wanted */
  #tone(wanted) {
    if (!wanted) {
      this.tone?.gain.gain.setValueAtTime(0, 0);
      return;
    }
    if (!this.tone) {
      const context = new AudioContext();
      const [wave, gain] = [context.createOscillator(), context.createGain()];
      wave.frequency.value = 1000;
      wave.connect(gain).connect(context.destination);
      wave.start();
      this.tone = { context, gain };
    }
    this.tone.gain.gain.setValueAtTime(0.12, 0);
  }
}

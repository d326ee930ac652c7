// @ts-check
/**
 * Saving: edits wait in a queue and are posted a second after the last one; a network that breaks leaves them there, and
 * says so. The lease: who holds this redaction may change it, everybody else looks on.
 */

import { ActWrong, apply } from "./document-state.js";

/** @typedef {import("./document-state.js").Act} Act */
/** @typedef {import("./editor.js").Editor} Editor */
/** @typedef {{words: string, acts: Act[], undoes: number | null}} Edit */

/** Milliseconds after the last change, between two tries, and of the lease. */
const PAUSE = 1000;
const TRIES = [2000, 5000, 10_000, 20_000];
const RENEWED = 20_000;
/** Signed out, too slow, a locked screen, too often: it can be saved once that has passed. */
const PASSING = [401, 408, 423, 429];
/** At most so many edits at once. */
const MOST = 100;

export class Saving {
  /** @param {Editor} editor */
  constructor(editor) {
    this.editor = editor;
    /** This page, to the server: another window of the same person is another page. */
    this.page = crypto.randomUUID();
    /** Number of the newest edit that the server has. */
    this.base = 0;
    /** @type {Edit[]} Not saved yet; those under way among them. */
    this.queue = [];
    this.underWay = 0;
    this.tries = 0;
    this.holds = false;
    /** @type {"saved" | "waiting" | "saving" | "failed" | "refused"} */
    this.state = "saved";
    editor.on(window, "beforeunload", (event) => {
      if (this.queue.length) event.preventDefault();
    });
    editor.on(window, "pagehide", () => this.leave());
    editor.on(window, "online", () => void this.send());
  }

  /** Number that the next edit will have. */
  get next() {
    return this.base + this.queue.length + 1;
  }

  /** @param {Edit} edit */
  add(edit) {
    this.queue.push(edit);
    if (this.state !== "failed") this.say("waiting");
    if (!this.underWay && this.state !== "failed") this.#later(PAUSE);
  }

  /** @param {number} milliseconds */
  #later(milliseconds) {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => void this.send(), milliseconds);
  }

  /** @param {Saving["state"]} state @param {string} [reason] */
  say(state, reason) {
    this.state = state;
    const place = this.editor.piece("saved");
    place.dataset.state = state;
    const words = this.editor.word(state, { count: this.queue.length });
    this.editor.piece("saved-words").textContent = reason ? `${words} ${reason}` : words;
  }

  async send() {
    clearTimeout(this.timer);
    if (this.underWay || !this.queue.length || this.state === "refused") return;
    const edits = this.queue.slice(0, MOST);
    this.underWay = edits.length;
    this.say("saving");
    const answer = await this.editor.post("edits", { base: this.base, page: this.page, edits });
    this.underWay = 0;
    if (answer.ok) {
      this.queue.splice(0, edits.length);
      const expected = this.base + edits.length;
      this.base = answer.body.edit;
      this.tries = 0;
      // A detection ended meanwhile: its tracks are there now, and numbers are others.
      if (this.base !== expected) await this.editor.reload();
      this.say(this.queue.length ? "waiting" : "saved");
      if (this.queue.length) this.#later(0);
    } else if (answer.status === 409) {
      await this.#behind(answer.body);
    } else if (answer.status === 0 || answer.status >= 500 || PASSING.includes(answer.status)) {
      this.say("failed", String((answer.status && answer.body.error) || this.editor.word("trying")));
      this.#later(TRIES[Math.min(this.tries++, TRIES.length - 1)]);
    } else {
      this.say("refused", String(answer.body.error ?? ""));
      this.editor.lookOn(String(answer.body.error ?? this.editor.word("refused", {})), true);
    }
  }

  /** Something newer is there: by a detection that ended meanwhile, or by somebody who took the work over. @param {any} body */
  async #behind(body) {
    const held = await this.hold(false);
    if (held.ok) {
      await this.editor.reload();
      return;
    }
    this.say("failed");
    this.editor.lookOn(this.editor.heldWords(held.body, body.by), true);
  }

  /**
   * What waits, done anew on a document that is newer; what cannot be done any more is given back.
   * @param {import("./document-state.js").Doc} doc
   */
  replay(doc) {
    const [kept, lost] = [/** @type {Edit[]} */ ([]), /** @type {Edit[]} */ ([])];
    for (const edit of this.queue) {
      try {
        doc = apply(doc, edit.acts);
        // Numbers have changed: it stands by itself.
        kept.push({ ...edit, undoes: null });
      } catch (error) {
        if (!(error instanceof ActWrong)) throw error;
        lost.push(edit);
      }
    }
    this.queue = kept;
    this.tries = 0;
    this.say(kept.length ? "waiting" : "saved");
    if (kept.length) this.#later(PAUSE);
    return { doc, lost };
  }

  // ---------------------------------------------------------------- the lease

  /** @param {boolean} takeOver @param {boolean} [byItself] Nobody's act: it does not keep a screen from locking. */
  async hold(takeOver, byItself = false) {
    const answer = await this.editor.post(byItself ? "hold?live=1" : "hold", { page: this.page, take_over: takeOver });
    this.holds = answer.ok || (answer.status === 0 && this.holds);
    clearTimeout(this.renewal);
    this.renewal = setTimeout(() => void this.renew(), RENEWED);
    return answer;
  }

  async renew() {
    const had = this.holds;
    const answer = await this.hold(false, true);
    const { editor } = this;
    const newer = Number(answer.body.edit ?? 0) > this.base && !this.queue.length && !this.underWay;
    if (answer.ok && (!had || newer)) {
      // Whoever held it went away, or a detection has ended.
      await editor.reload();
    } else if (answer.status === 409 && !had && newer) {
      await editor.load();
      editor.refresh();
    } else if (answer.status === 409 && had) {
      editor.lookOn(editor.heldWords(answer.body), true);
    }
  }

  async takeOver() {
    const answer = await this.hold(true);
    if (answer.ok) {
      await this.editor.reload();
      this.editor.say(this.editor.word("tookOver"));
    } else this.editor.say(String(answer.body.error ?? this.editor.word("failed", {})));
  }

  leave() {
    clearTimeout(this.renewal);
    if (this.holds) void this.editor.post("release", { page: this.page }, true);
  }

  stop() {
    clearTimeout(this.timer);
    clearTimeout(this.renewal);
  }
}

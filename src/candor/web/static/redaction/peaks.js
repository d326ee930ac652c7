// @ts-check
/** The shape of the sound close up: asked of the server for the stretch in sight, where the waveform is too coarse. */

/** @typedef {import("../recording/player-state.js").Wave} Wave */
/** @typedef {{from: number, until: number, wave: Wave}} Near */

/** Seconds that the server answers for at a time, and milliseconds without a move before it is asked. */
const LONGEST = 120;
const PATIENCE = 150;

export class Peaks {
  /** @param {() => void} redraw */
  constructor(redraw) {
    this.redraw = redraw;
    this.address = "";
    /** @type {Near | null} */
    this.near = null;
    this.asked = "";
    this.timer = 0;
  }

  /** Another part. @param {string} source its viewing copy's address, with the viewing */
  open(source) {
    clearTimeout(this.timer);
    [this.address, this.near, this.asked] = [source.replace("?", "/peaks?"), null, ""];
  }

  /**
   * What to draw of a stretch: the close shape where there is one, else the coarse one, and the close one is sent for.
   * @param {{from: number, span: number}} view @param {number} columns @param {Wave | null} coarse
   * @returns {{from: number, wave: Wave} | null}
   */
  of(view, columns, coarse) {
    const until = view.from + view.span;
    const rough = coarse ? { from: 0, wave: coarse } : null;
    const bucket = view.span / columns;
    if (!this.address || view.span > LONGEST / 2 || (coarse && coarse.bucket_seconds <= 2 * bucket)) return rough;
    const near = this.near;
    if (near && near.from <= view.from && until <= near.until && near.wave.bucket_seconds <= 2 * bucket) return near;
    this.send(Math.max(0, view.from - view.span / 2), until + view.span / 2, 2 * columns);
    return near && near.from <= view.from && until <= near.until ? near : rough;
  }

  /** @param {number} from @param {number} until @param {number} count */
  send(from, until, count) {
    const [begin, end] = [Math.floor(from * 1000), Math.ceil(until * 1000)];
    const wanted = `${this.address}&begin=${begin}&until=${end}&count=${count}`;
    if (wanted === this.asked) return;
    this.asked = wanted;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => void this.fetch(wanted), PATIENCE);
  }

  /** @param {string} wanted */
  async fetch(wanted) {
    try {
      const answer = await fetch(wanted);
      const told = answer.ok ? await answer.json() : null;
      if (!told?.count || this.asked !== wanted) return;
      const bucket = (told.until - told.begin) / 1000 / told.count;
      const wave = /** @type {Wave} */ ({ bucket_seconds: bucket, count: told.count, peaks: told.peaks });
      this.near = { from: told.begin / 1000, until: told.until / 1000, wave };
      this.redraw();
    } catch {
      // The coarse shape stays.
    }
  }
}

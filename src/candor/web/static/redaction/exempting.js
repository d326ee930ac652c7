// @ts-check
/** Why something is hidden: the exemptions of the law in force, the agency's own words, or somebody's own. */

import { plain } from "./track-acts.js";

/** @typedef {import("./editor.js").Editor} Editor */
/** `applies`: the rule is about this recording. @typedef {{key: string, words: string, citation: string, applies: boolean}} Exemption */

const OWN_WORDS = "\u0000own";
const REMEMBERED = "candor-redaction-exemption";
const LONGEST = 120;
/** So many letters that are the same are left out. */
const ALIKE = 24;

export class Exempting {
  /** @param {Editor} editor */
  constructor(editor) {
    this.editor = editor;
    /** @type {Exemption[]} */
    this.known = [];
    /** What was named last: what is drawn next is for the same. @type {string | null} */
    this.last = sessionStorage.getItem(REMEMBERED);
  }

  /** @param {Exemption[]} known */
  learn(known) {
    this.known = known;
  }

  /** @param {HTMLSelectElement} select @param {string | null} value */
  fill(select, value) {
    const { editor, known } = this;
    const wanted = `${known.length}|${value ?? ""}`;
    if (select.dataset.filled !== wanted) {
      const options = [new Option(editor.word("noExemption"), "")];
      for (const one of known) options.push(new Option(one.citation ? `${one.citation}: ${short(telling(one, known))}` : one.words, one.key));
      if (value && !known.some((one) => one.key === value)) options.push(new Option(value, value));
      options.push(new Option(editor.word("ownWords"), OWN_WORDS));
      select.replaceChildren(...options);
      select.dataset.filled = wanted;
    }
    select.value = value ?? "";
    select.title = known.find((one) => one.key === value)?.words ?? "";
  }

  /** @param {HTMLSelectElement} select @param {(key: string | null) => void} use */
  choose(select, use) {
    if (select.value !== OWN_WORDS) {
      this.#use(select.value || null, use);
      return;
    }
    select.value = "";
    const dialog = /** @type {HTMLDialogElement} */ (this.editor.piece("own-words"));
    const field = /** @type {HTMLInputElement} */ (this.editor.piece("own-words-field"));
    field.value = "";
    dialog.returnValue = "";
    const closed = () => {
      const words = plain(field.value, LONGEST);
      if (dialog.returnValue === "use" && words) this.#use(words, use);
      else this.editor.refresh();
    };
    dialog.addEventListener("close", closed, { once: true });
    dialog.showModal();
  }

  /** @param {string | null} key @param {(key: string | null) => void} use */
  #use(key, use) {
    this.last = key;
    if (key) sessionStorage.setItem(REMEMBERED, key);
    else sessionStorage.removeItem(REMEMBERED);
    use(key);
  }
}

/**
 * The words of a rule from where they differ: rules of one citation often begin with the same half sentence.
 * @param {Exemption} one @param {Exemption[]} known
 */
export function telling(one, known) {
  let same = 0;
  for (const other of known) {
    if (other === one || other.citation !== one.citation) continue;
    let at = 0;
    while (at < one.words.length && one.words[at] === other.words[at]) at++;
    same = Math.max(same, one.words.lastIndexOf(" ", at - 1) + 1);
  }
  return same > ALIKE ? `… ${one.words.slice(same)}` : one.words;
}

/** @param {string} words */
const short = (words) => (words.length > 70 ? `${words.slice(0, 69)}…` : words);

// @ts-check
/** The list of recordings: keys, choosing rows, the filter panel on small screens, the link of the present search. */

import { isTyping, say } from "./site.js";

const results = () => document.getElementById("results");

/** @returns {HTMLAnchorElement[]} */
const links = () => [...document.querySelectorAll("#results a.row-link")].filter((link) => link instanceof HTMLAnchorElement);

/** @returns {HTMLInputElement[]} */
const boxes = () =>
  [...document.querySelectorAll("#results input[name=id]")].filter((box) => box instanceof HTMLInputElement);

/** Move to the next or previous row. @param {number} step */
function move(step) {
  const all = links();
  const at = all.findIndex((link) => link === document.activeElement);
  const next = all[at < 0 ? (step > 0 ? 0 : all.length - 1) : at + step];
  next?.focus();
  next?.closest("tr")?.scrollIntoView({ block: "nearest" });
}

function showCount() {
  const chosen = boxes().filter((box) => box.checked).length;
  const place = document.querySelector("[data-chosen-count]");
  if (place) place.textContent = String(chosen);
  const all = document.querySelector("[data-choose-all]");
  if (all instanceof HTMLInputElement) {
    all.checked = chosen > 0 && chosen === boxes().length;
    all.indeterminate = chosen > 0 && chosen < boxes().length;
  }
}

/** @param {boolean} chosen */
function chooseAll(chosen) {
  for (const box of boxes()) box.checked = chosen;
  showCount();
}

document.addEventListener("keydown", (event) => {
  if (isTyping(event.target) || event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
  const link = document.activeElement instanceof HTMLAnchorElement ? document.activeElement : null;
  switch (event.key) {
    case "j":
      move(1);
      break;
    case "k":
      move(-1);
      break;
    case "x": {
      const box = link?.closest("tr")?.querySelector("input[name=id]");
      if (box instanceof HTMLInputElement) {
        box.checked = !box.checked;
        showCount();
      }
      break;
    }
    case "n":
      document.getElementById("next-page")?.click();
      break;
    case "?":
      openDialog("keys");
      break;
    default:
      return;
  }
  event.preventDefault();
});

/** @param {string} id */
function openDialog(id) {
  const dialog = document.getElementById(id);
  if (dialog instanceof HTMLDialogElement) dialog.showModal();
}

document.addEventListener("change", (event) => {
  const box = event.target;
  if (!(box instanceof HTMLInputElement)) return;
  if (box.matches("[data-choose-all]")) chooseAll(box.checked);
  else if (box.name === "id") showCount();
});

let lastChosen = -1;
document.addEventListener("click", (event) => {
  const target = event.target instanceof Element ? event.target : null;
  if (!target) return;
  if (target.closest("[data-choose-none]")) chooseAll(false);
  const opener = target.closest("[data-opens]");
  if (opener instanceof HTMLElement) openDialog(opener.dataset.opens ?? "");
  const toggle = target.closest("[data-filters-toggle]");
  if (toggle) {
    const open = document.querySelector(".filters")?.classList.toggle("is-open") ?? false;
    toggle.setAttribute("aria-expanded", String(open));
  }
  // A stretch of rows with the shift key, as in a file list.
  if (target instanceof HTMLInputElement && target.name === "id") {
    const at = boxes().indexOf(target);
    if (event.shiftKey && lastChosen >= 0) {
      for (const box of boxes().slice(Math.min(at, lastChosen), Math.max(at, lastChosen) + 1)) box.checked = target.checked;
      showCount();
    }
    lastChosen = at;
  }
});

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!(form instanceof HTMLFormElement)) return;
  if (form.matches("[data-save-filter]")) {
    const query = form.elements.namedItem("query");
    if (query instanceof HTMLInputElement) query.value = results()?.dataset.link ?? "";
  }
  if (form.id === "hand-out") {
    const ids = form.elements.namedItem("ids");
    const chosen = boxes().filter((box) => box.checked);
    if (ids instanceof HTMLInputElement) ids.value = chosen.map((box) => box.value).join(",");
    if (!chosen.length) event.preventDefault();
  }
  if (form.id === "bulk" && !boxes().some((box) => box.checked)) {
    event.preventDefault();
    say(form.dataset.wordNone ?? "", "warn");
  }
});

// Another page of results is another set of rows.
document.addEventListener("htmx:after:swap", () => {
  lastChosen = -1;
  showCount();
});
showCount();

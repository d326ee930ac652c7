// @ts-check
/** What every page does: menus that close, keys, colours, notices for failed requests. */

/** @param {EventTarget | null} target */
export function isTyping(target) {
  return (
    target instanceof HTMLElement &&
    (target.isContentEditable || target.matches("textarea, select, input:not([type=checkbox], [type=radio], [type=range])"))
  );
}

/** Headers of a fetch or XHR that changes something. */
export function tokenHeaders() {
  return { "X-CSRF-Token": document.body.dataset.csrf ?? "", Accept: "application/json" };
}

/**
 * Say something at the top of the page.
 * @param {string} words
 * @param {"ok" | "warn" | "bad" | "note"} kind
 */
export function say(words, kind = "bad") {
  const place = document.getElementById("notices");
  if (!place) return;
  const notice = document.createElement("div");
  notice.className = `notice ${kind}`;
  notice.setAttribute("role", kind === "bad" ? "alert" : "status");
  const text = document.createElement("p");
  text.textContent = words;
  notice.append(text);
  place.replaceChildren(notice);
}

function closeMenusOutside(/** @type {Event} */ event) {
  for (const menu of document.querySelectorAll("details[data-menu][open]")) {
    if (event.target instanceof Node && !menu.contains(event.target)) menu.removeAttribute("open");
  }
}

document.addEventListener("pointerdown", closeMenusOutside);
document.addEventListener("focusin", closeMenusOutside);

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") {
    const menu = document.querySelector("details[data-menu][open]");
    if (menu) {
      menu.removeAttribute("open");
      menu.querySelector("summary")?.focus();
    }
  }
  if (event.key === "/" && !isTyping(event.target) && !event.ctrlKey && !event.metaKey && !event.altKey) {
    const search = document.querySelector("input[type=search]");
    if (search instanceof HTMLInputElement) {
      event.preventDefault();
      search.focus();
      search.select();
    }
  }
});

// Colours: at once here, remembered by the server's cookie.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!(form instanceof HTMLFormElement) || !form.matches("[data-theme-choice]")) return;
  const button = /** @type {SubmitEvent} */ (event).submitter;
  if (!(button instanceof HTMLButtonElement)) return;
  event.preventDefault();
  document.documentElement.dataset.theme = button.value;
  for (const other of form.querySelectorAll("button")) other.setAttribute("aria-pressed", String(other === button));
  const body = new URLSearchParams([...new FormData(form)].map(([name, value]) => [name, String(value)]));
  body.set("theme", button.value);
  void fetch(form.action, { method: "POST", body, headers: { "HX-Request": "true" } });
});

// A request of a part of the page that got no answer at all.
document.addEventListener("htmx:error", () => say(document.body.dataset.wordFailed ?? "", "bad"));
document.addEventListener("htmx:after:request", (event) => {
  const detail = /** @type {CustomEvent} */ (event).detail;
  if (detail?.ctx?.response?.status < 400) document.querySelector("#notices .notice.bad")?.remove();
});

document.addEventListener("click", (event) => {
  if (event.target instanceof Element && event.target.closest("[data-print]")) window.print();
});

// @ts-check
/**
 * The locked screen: when nobody was active for as long as the agency's rules say, the page is covered where it is, and
 * uncovered by the password, with everything typed still in it. The site itself answers nothing in between.
 */

import { tokenHeaders } from "./site.js";

const LOOK_EVERY = 5_000;
const TELL_EVERY = 60_000;

const after = Number(document.body.dataset.lockAfter ?? 0) * 1000;
const tellEvery = Math.min(TELL_EVERY, after / 10);
let activeAt = Date.now();
let toldAt = Date.now();
let asking = false;
/** @type {HTMLElement | null} */
let cover = null;
const title = document.title;

/** Somebody is there: a key, a pointer, or a film that plays. */
function active() {
  if (!cover) activeAt = Date.now();
}

function isPlaying() {
  return [...document.querySelectorAll("video, audio")].some(
    (media) => media instanceof HTMLMediaElement && !media.paused && !media.ended,
  );
}

/**
 * Seconds until the site locks this session; 0 when it did, null when it does not answer.
 * @param {boolean} tell whether somebody is active here
 */
async function secondsLeft(tell) {
  try {
    const answer = await fetch(tell ? "/session" : "/session?live=1", {
      method: tell ? "POST" : "GET",
      headers: tokenHeaders(),
      cache: "no-store",
    });
    if (answer.status === 423 || answer.status === 401) return 0;
    return answer.ok ? Number((await answer.json()).locks_in) : null;
  } catch {
    return null;
  }
}

async function look() {
  if (cover || asking || !after) return;
  if (isPlaying()) active();
  const now = Date.now();
  const idle = now - activeAt;
  if (idle < after) {
    // Told also shortly after the last sign of life, so that the site's clock and this one run together.
    if (activeAt > toldAt && now - toldAt >= tellEvery) {
      toldAt = now;
      asking = true;
      if ((await secondsLeft(true)) === 0) conceal();
      asking = false;
    }
    return;
  }
  // Somebody may be active in another window of the same session.
  asking = true;
  const left = await secondsLeft(false);
  asking = false;
  if (left !== null && left > 0) activeAt = Date.now() - after + left * 1000;
  else conceal();
}

function conceal() {
  const template = document.getElementById("lock-cover");
  if (cover || !(template instanceof HTMLTemplateElement)) return;
  for (const media of document.querySelectorAll("video, audio")) {
    if (media instanceof HTMLMediaElement) media.pause();
  }
  cover = /** @type {HTMLElement} */ (template.content.firstElementChild?.cloneNode(true));
  document.body.append(cover);
  document.body.classList.add("concealed");
  document.title = document.body.dataset.wordLocked ?? "";
  const elsewhere = cover.querySelector("[data-lock-elsewhere]");
  elsewhere?.setAttribute("href", `/unlock?next=${encodeURIComponent(location.pathname + location.search)}`);
  cover.querySelector("form")?.addEventListener("submit", (event) => {
    event.preventDefault();
    void unlock(/** @type {HTMLFormElement} */ (event.currentTarget));
  });
  /** @type {HTMLElement | null} */ (cover.querySelector("input[type=password]"))?.focus();
}

/** @param {HTMLFormElement} form */
async function unlock(form) {
  const password = form.querySelector("input[type=password]");
  const fields = new URLSearchParams([...new FormData(form)].map(([name, value]) => [name, String(value)]));
  /** @type {Response | null} */
  let answer = null;
  let words = document.body.dataset.wordFailed ?? "";
  try {
    answer = await fetch("/unlock", { method: "POST", headers: tokenHeaders(), body: fields });
    if (answer.ok) return reveal();
    const told = await answer.json();
    words = told.error;
    if (told.sign_in) return location.assign(told.sign_in);
  } catch {
    // the words say that the server did not answer
  }
  const notice = form.querySelector(".notice");
  if (notice instanceof HTMLElement) {
    notice.hidden = false;
    const place = notice.querySelector("p");
    if (place) place.textContent = words;
  }
  if (password instanceof HTMLInputElement) {
    password.value = "";
    password.focus();
  }
}

function reveal() {
  cover?.remove();
  cover = null;
  document.body.classList.remove("concealed");
  document.title = title;
  activeAt = toldAt = Date.now();
}

for (const kind of ["pointerdown", "pointermove", "keydown", "wheel", "touchstart"]) {
  document.addEventListener(kind, active, { passive: true, capture: true });
}
document.addEventListener("visibilitychange", () => void look());
setInterval(() => void look(), Math.min(LOOK_EVERY, Math.max(after / 10, 500)));

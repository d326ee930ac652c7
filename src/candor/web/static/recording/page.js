// @ts-check
/** Small things of a recording's page: dialogs, copying a hash, the note of “Other”, going to a mark or a part. */

document.addEventListener("click", (event) => {
  const target = event.target instanceof Element ? event.target : null;
  const opener = target?.closest("[data-opens]");
  if (opener instanceof HTMLElement) {
    const dialog = document.getElementById(opener.dataset.opens ?? "");
    if (dialog instanceof HTMLDialogElement) dialog.showModal();
  }
  const copier = target?.closest("[data-copy]");
  if (copier instanceof HTMLElement) void copy(copier);
  const seeker = target?.closest("[data-seek]");
  if (seeker instanceof HTMLElement) seek(Number(seeker.dataset.seek));
});

/** Go to a place, if the recording is opened; otherwise lead to where it is. @param {number} seconds */
function seek(seconds) {
  const player = document.querySelector("candor-player");
  if (player && "seek" in player && typeof player.seek === "function") {
    // Just behind the beginning of a part, so that rounding never lands on the end of the one before.
    player.seek(seconds + 0.001);
    player.scrollIntoView({ block: "nearest" });
  } else {
    const gate = document.querySelector(".gate-foot button");
    if (gate instanceof HTMLElement) gate.focus();
  }
}

/** @param {HTMLElement} button */
async function copy(button) {
  try {
    await navigator.clipboard.writeText(button.dataset.copy ?? "");
    button.classList.add("is-done");
    setTimeout(() => button.classList.remove("is-done"), 1500);
  } catch {
    // Without the right to the clipboard the hash can still be chosen and copied by hand.
  }
}

function showNote() {
  for (const form of document.querySelectorAll("form.gate")) {
    const chosen = form.querySelector("input[name=purpose]:checked");
    const note = form.querySelector("input[name=note]");
    if (note instanceof HTMLInputElement && chosen instanceof HTMLInputElement) note.required = chosen.value === "other";
  }
}

document.addEventListener("change", showNote);
document.addEventListener("htmx:after:swap", showNote);
showNote();

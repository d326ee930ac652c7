// @ts-check
/** Importing a captions file: its bytes are sent as they are. Without a script its words go by the form's own field. */

import { say, tokenHeaders } from "../js/site.js";

document.addEventListener("submit", (event) => {
  const form = event.target instanceof HTMLFormElement && event.target.matches("[data-captions]") ? event.target : null;
  const field = form?.querySelector("[data-captions-file]");
  const file = field instanceof HTMLInputElement ? field.files?.[0] : undefined;
  if (!form || !file) return;
  event.preventDefault();
  void send(form, file);
});

/** @param {HTMLFormElement} form @param {File} file */
async function send(form, file) {
  const viewing = String(new FormData(form).get("viewing") ?? "");
  const button = form.querySelector("button");
  if (button) button.disabled = true;
  try {
    const answer = await fetch(`${form.getAttribute("action")}?${new URLSearchParams({ viewing, name: file.name })}`, {
      method: "POST",
      body: file,
      headers: { ...tokenHeaders(), "content-type": "text/vtt" },
      redirect: "manual",
    });
    if (answer.type === "opaqueredirect") {
      location.href = `${location.pathname}?${new URLSearchParams({ viewing, said: "transcript-imported" })}#transcript`;
      return;
    }
    say((await answer.json()).error ?? "", "bad");
  } catch {
    say(document.body.dataset.wordFailed ?? "", "bad");
  } finally {
    if (button) button.disabled = false;
  }
}

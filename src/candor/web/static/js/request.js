// @ts-check
/** A request's page: documents are sent as they are; a table's file is put into the field that a form sends. */

import { say, tokenHeaders } from "./site.js";

for (const place of document.querySelectorAll("[data-needs-script]")) place.removeAttribute("hidden");

document.addEventListener("submit", (event) => {
  const form = event.target instanceof HTMLFormElement && event.target.matches("[data-document]") ? event.target : null;
  const field = form?.querySelector("input[type=file]");
  const file = field instanceof HTMLInputElement ? field.files?.[0] : undefined;
  if (!form) return;
  event.preventDefault();
  if (file) void send(form, file);
});

/** @param {HTMLFormElement} form @param {File} file */
async function send(form, file) {
  if (file.size > Number(form.dataset.most) * 1048576) {
    say(form.dataset.wordLarge ?? "", "bad");
    return;
  }
  const button = form.querySelector("button");
  if (button) button.disabled = true;
  try {
    const kind = String(new FormData(form).get("kind") ?? "");
    const answer = await fetch(`${form.getAttribute("action")}?${new URLSearchParams({ kind, name: file.name })}`, {
      method: "POST",
      body: file,
      headers: { ...tokenHeaders(), "content-type": file.type || "application/octet-stream" },
      redirect: "manual",
    });
    if (answer.type === "opaqueredirect") {
      location.assign(`${location.pathname}?said=request-document-added`);
      return;
    }
    say((await answer.json()).error ?? "", "bad");
  } catch {
    say(document.body.dataset.wordFailed ?? "", "bad");
  }
  if (button) button.disabled = false;
}

document.addEventListener("change", (event) => {
  const field = event.target;
  if (!(field instanceof HTMLInputElement) || !field.matches("[data-table-file]")) return;
  const file = field.files?.[0];
  if (file) void read(field, file);
});

/** @param {HTMLInputElement} field @param {File} file */
async function read(field, file) {
  const table = field.form?.elements.namedItem("table");
  const name = field.form?.elements.namedItem("name");
  if (!(table instanceof HTMLTextAreaElement)) return;
  if (file.size > Number(field.dataset.most) * 1000) {
    say(field.dataset.wordLarge ?? "", "bad");
    return;
  }
  try {
    table.value = new TextDecoder("utf-8", { fatal: true }).decode(await file.arrayBuffer());
    if (name instanceof HTMLInputElement) name.value = file.name;
  } catch {
    say(field.dataset.wordWrong ?? "", "bad");
  }
}

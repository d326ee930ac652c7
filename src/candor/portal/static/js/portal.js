// @ts-check
/**
 * Small comforts: printing, and copying the code. Every page works without.
 * @module
 */

for (const button of /** @type {NodeListOf<HTMLButtonElement>} */ (document.querySelectorAll("[data-print]"))) {
  button.hidden = false;
  button.addEventListener("click", () => window.print());
}

for (const button of /** @type {NodeListOf<HTMLButtonElement>} */ (document.querySelectorAll("[data-copy]"))) {
  const from = document.getElementById(button.dataset.copy ?? "");
  if (!from || !navigator.clipboard) continue;
  button.hidden = false;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(from.textContent?.trim() ?? "");
    const words = button.querySelector("span");
    if (words) words.textContent = button.dataset.wordCopied ?? "";
  });
}

document.getElementById("faults")?.focus();

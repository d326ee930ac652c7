// @ts-check
/**
 * Passkeys: a button with `data-passkey` has the browser answer the site's question, and sends its form with the answer.
 *
 * `data-passkey` is what it is for: sign-in, second, proof or register; `data-field` the field for the answer.
 */

import { say, tokenHeaders } from "./site.js";

/** @param {string} text */
function bytesOf(text) {
  const padded = text.replace(/-/g, "+").replace(/_/g, "/").padEnd(Math.ceil(text.length / 4) * 4, "=");
  return Uint8Array.from(atob(padded), (character) => character.charCodeAt(0));
}

/** @param {ArrayBuffer | null | undefined} buffer */
function textOf(buffer) {
  if (!buffer) return undefined;
  const binary = Array.from(new Uint8Array(buffer), (byte) => String.fromCharCode(byte)).join("");
  return btoa(binary).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
}

/** @param {any[] | undefined} given */
function credentialsOf(given) {
  return (given ?? []).map((one) => ({ ...one, id: bytesOf(one.id) }));
}

/**
 * The site's question. Leaves the page when the site wants to know first who is there.
 * @param {string} purpose
 */
async function question(purpose) {
  const registering = purpose === "register";
  const answer = await fetch(registering ? "/passkeys/options-to-register" : "/passkeys/options", {
    method: "POST",
    headers: tokenHeaders(),
    body: new URLSearchParams({ purpose }),
  });
  const told = await answer.json();
  if (told.confirm) {
    location.assign(`${told.confirm}?next=${encodeURIComponent(location.pathname)}`);
    return null;
  }
  if (!answer.ok) throw new Error(told.error);
  return told;
}

/**
 * @param {string} purpose
 * @param {any} told
 */
async function answerOf(purpose, told) {
  const challenge = bytesOf(told.challenge);
  if (purpose === "register") {
    const made = await navigator.credentials.create({
      publicKey: {
        ...told,
        challenge,
        user: { ...told.user, id: bytesOf(told.user.id) },
        excludeCredentials: credentialsOf(told.excludeCredentials),
      },
    });
    return /** @type {PublicKeyCredential | null} */ (made);
  }
  const given = await navigator.credentials.get({
    publicKey: { ...told, challenge, allowCredentials: credentialsOf(told.allowCredentials) },
  });
  return /** @type {PublicKeyCredential | null} */ (given);
}

/**
 * As the site reads it (WebAuthn's JSON form).
 * @param {PublicKeyCredential} credential
 */
function asJson(credential) {
  const response = /** @type {any} */ (credential.response);
  return JSON.stringify({
    id: credential.id,
    rawId: textOf(credential.rawId),
    type: credential.type,
    authenticatorAttachment: credential.authenticatorAttachment ?? undefined,
    clientExtensionResults: {},
    response: {
      clientDataJSON: textOf(response.clientDataJSON),
      attestationObject: textOf(response.attestationObject),
      authenticatorData: textOf(response.authenticatorData),
      signature: textOf(response.signature),
      userHandle: textOf(response.userHandle),
      transports: response.getTransports?.(),
    },
  });
}

/** @param {HTMLButtonElement} button */
async function use(button) {
  const form = button.form;
  const purpose = button.dataset.passkey ?? "";
  if (!form || (purpose === "register" && !form.reportValidity())) return;
  button.disabled = true;
  try {
    const told = await question(purpose);
    const credential = told && (await answerOf(purpose, told));
    if (!credential) return;
    const field = document.createElement("input");
    field.type = "hidden";
    field.name = button.dataset.field ?? "";
    field.value = asJson(credential);
    form.append(field);
    form.submit(); // not requestSubmit: the password is not needed now
  } catch (error) {
    // The browser's own words are for programmers; ours come with the page, the site's with its answer.
    const ours = error instanceof DOMException || !(error instanceof Error) || !error.message;
    say(ours ? (button.dataset.wordRefused ?? "") : error.message, "warn");
  } finally {
    button.disabled = false;
  }
}

if (window.PublicKeyCredential && navigator.credentials) {
  for (const button of document.querySelectorAll("button[data-passkey]")) {
    if (!(button instanceof HTMLButtonElement)) continue;
    button.hidden = false;
    button.addEventListener("click", () => void use(button));
  }
}

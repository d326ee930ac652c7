// @ts-check
/** The page that decides on a recording: further stretches, marks from the player, stretches drawn as they are typed. */

const list = document.querySelector("[data-stretches]");
const template = document.querySelector("[data-stretch-template]");
const line = document.querySelector("[data-timeline]");
let made = 0;

/** The player of the recording, once it is opened within a viewing. */
function player() {
  const found = document.querySelector("candor-player");
  return found && "time" in found && typeof found.time === "function" ? found : null;
}

/** @param {Event} event */
function clicked(event) {
  const target = event.target instanceof Element ? event.target : null;
  const adder = target?.closest("[data-add]");
  if (adder && list && template instanceof HTMLTemplateElement) {
    event.preventDefault();
    add();
  }
  const mark = target?.closest("[data-mark]");
  if (mark instanceof HTMLElement) put(mark);
}

/** Another row, empty, with the cursor in it. */
function add() {
  if (!list || !(template instanceof HTMLTemplateElement)) return;
  const row = template.content.cloneNode(true);
  if (!(row instanceof DocumentFragment)) return;
  made += 1;
  for (const field of row.querySelectorAll("[id]")) field.id = field.id.replace(/new$/, `new-${made}`);
  for (const label of row.querySelectorAll("label[for]"))
    label.setAttribute("for", (label.getAttribute("for") ?? "").replace(/new$/, `new-${made}`));
  list.append(row);
  offerMarks();
  const field = list.lastElementChild?.querySelector("input");
  if (field instanceof HTMLElement) field.focus();
}

/** Where the player is, into the field beside the button. @param {HTMLElement} button */
function put(button) {
  const field = button.parentElement?.querySelector("input");
  const found = player();
  if (!(field instanceof HTMLInputElement) || !found) return;
  // @ts-ignore: it was looked at in `player`
  field.value = words(Math.round(found.time() * 10) / 10);
  draw();
}

/** A place as it is typed. @param {number} seconds */
function words(seconds) {
  const tenths = Math.round(seconds * 10);
  const rest = `${String(Math.floor(tenths / 10) % 60).padStart(2, "0")}.${tenths % 10}`;
  const minutes = Math.floor(tenths / 600);
  return minutes < 60 ? `${minutes}:${rest}` : `${Math.floor(minutes / 60)}:${String(minutes % 60).padStart(2, "0")}:${rest}`;
}

/** Seconds of a place as it is typed; NaN while it is none. @param {string} text */
function seconds(text) {
  const said = text.trim().replace(",", ".");
  if (!/^(\d{1,3}:)?(\d{1,4}:)?\d{1,7}(\.\d{1,3})?$/.test(said)) return NaN;
  return said.split(":").reduce((sum, piece) => sum * 60 + Number(piece), 0);
}

/** What is typed, outlined on the timeline. */
function draw() {
  const place = line?.querySelector("[data-drafts]");
  if (!(line instanceof SVGSVGElement) || !place) return;
  const length = Number(line.dataset.length) / 1000;
  const whole = line.viewBox.baseVal;
  place.replaceChildren();
  for (const row of document.querySelectorAll("[data-stretch]")) {
    const from = row.querySelector("[data-from]");
    const to = row.querySelector("[data-to]");
    if (!(from instanceof HTMLInputElement) || !(to instanceof HTMLInputElement) || !length) continue;
    const begin = seconds(from.value);
    const end = Math.min(seconds(to.value), length);
    if (!(begin < end)) continue;
    const box = document.createElementNS(line.namespaceURI, "rect");
    box.setAttribute("x", String((whole.width * begin) / length));
    box.setAttribute("y", "2");
    box.setAttribute("width", String((whole.width * (end - begin)) / length));
    box.setAttribute("height", String(whole.height - 4));
    place.append(box);
  }
}

/** Buttons that mark where the player is are there as soon as there is one. */
function offerMarks() {
  const there = player() !== null;
  for (const one of document.querySelectorAll("[data-mark]")) if (one instanceof HTMLElement) one.hidden = !there;
}

/** A viewing that was begun on this page goes on when the form comes back. @param {Event} event */
function keepViewing(event) {
  const form = event.target;
  const viewing = new URL(location.href).searchParams.get("viewing");
  if (!(form instanceof HTMLFormElement) || form.id !== "decide" || !viewing) return;
  const address = new URL(form.action);
  address.searchParams.set("viewing", viewing);
  form.action = address.href;
}

document.addEventListener("click", clicked);
document.addEventListener("submit", keepViewing);
document.addEventListener("input", draw);
document.addEventListener("htmx:after:swap", offerMarks);
void customElements.whenDefined("candor-player").then(offerMarks);
draw();

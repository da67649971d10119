// The form: what is wished for a tune, and what is wrong with it.

import { at, say } from "./state.js";

export const form = at("ask");
const controls = form.querySelectorAll("[data-wish]"); // each sends its value under its name

export function valueOf(control) {
  const text = control.value.trim();
  if (text === "") return undefined;
  return control.dataset.wish === "number" ? Number(text) : text;
}

export function wishes() {
  const asked = {};
  for (const control of controls) {
    const value = valueOf(control);
    if (value !== undefined) asked[control.name] = value;
  }
  if (!at("keep").checked) delete asked.seed;
  return asked;
}

export function showWishes(asked) {
  for (const control of controls) control.value = asked[control.name] ?? control.dataset.unset ?? "";
  at("keep").checked = false;
  refresh();
}

// Disables the meters that don't fit the rhythm; says so where one of them was chosen.
function fitMeters({ said = false } = {}) {
  const rhythm = at("rhythm").selectedOptions[0];
  const known = rhythm?.dataset.meters;
  const meter = at("meter").selectedOptions[0];
  for (const option of at("meter").options) {
    option.disabled = Boolean(known) && option.value !== "" && !known.includes(` ${option.value} `);
  }
  const lost = meter?.disabled;
  if (lost) at("meter").value = "";
  at("meter-said").textContent = lost && said ? `No ${rhythm.text} is in ${meter.text}; the meter is open now.` : "";
}

function showTemperature() {
  at("temperature-said").value = Number(at("temperature").value).toFixed(2);
}

function sayBars() {
  at("bars-of").textContent = at("parts").value ? "in each" : "in all";
}

// Shows an error, and marks the field that caused it.
export function complain(words) {
  at("problem").textContent = words;
  for (const field of form.elements) {
    field.removeAttribute("aria-invalid");
    field.removeAttribute("aria-errormessage");
  }
  const name = /^(\w+)/.exec(words)?.[1];
  const field = name && form.elements.namedItem(name);
  if (field) {
    if (at("more").contains(field)) at("more").open = true;
    field.setAttribute("aria-invalid", "true");
    field.setAttribute("aria-errormessage", "problem");
    field.focus();
  }
  if (words) say(words);
}

export function refresh() {
  showTemperature();
  fitMeters();
  sayBars();
}

at("temperature").addEventListener("input", showTemperature);
at("rhythm").addEventListener("change", () => fitMeters({ said: true }));
at("meter").addEventListener("change", () => { at("meter-said").textContent = ""; });
at("parts").addEventListener("change", sayBars);
at("seed").addEventListener("input", () => { at("keep").checked = at("seed").value !== ""; });

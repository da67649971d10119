// The form: what is wished for a tune, and what is wrong with it.

import { at, say } from "./state.js";

export const form = at("ask");
const MOST_BARS = 64; // of a tune, each part counted once
const { forms, rare } = JSON.parse(form.dataset.known); // forms by rhythm: parts, bars, share of the tunes
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
  const words = "The model learned from hardly any tune of this rhythm; it writes one as it writes tunes in this meter.";
  at("rhythm-said").textContent = rare.includes(rhythm?.value) ? words : "";
  const lost = meter?.disabled;
  if (lost) at("meter").value = "";
  at("meter-said").textContent = lost && said ? `No ${rhythm.text} is in ${meter.text}; the meter is open now.` : "";
}

function showTemperature() {
  at("temperature-said").value = Number(at("temperature").value).toFixed(2);
}

function counted(many, what) {
  return `${many} ${what}${many === 1 ? "" : "s"}`;
}

// Says which forms the training tunes of the rhythm have, suggests their bars, and keeps the tune as short as a tune can be.
function fitForms() {
  const parts = Number(at("parts").value);
  const bars = at("bars");
  const known = forms[at("rhythm").value] || [];
  at("bars-of").textContent = parts ? "in each" : "in all";
  const fitting = known.filter(([many]) => !parts || many === parts).map(([many, each]) => (parts ? each : many * each));
  at("bars-list").replaceChildren(...[...new Set(fitting)].map((each) => new Option(each)));
  bars.max = Math.floor(MOST_BARS / (parts || 1));
  const lost = Number(bars.value) > Number(bars.max);
  if (lost) bars.value = bars.max;
  const [usual] = known;
  const words = usual
    ? `${Math.round(usual[2] * 100)} % of the training tunes${at("rhythm").value && " of this rhythm"} have ${counted(usual[0], "part")} of ${counted(usual[1], "bar")}.`
    : "";
  at("form-said").textContent = lost ? `The number of bars was changed: ${counted(parts || 1, "part")} can have ${bars.max} bars${parts > 1 ? " each" : ""}.` : words;
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
  fitForms();
}

at("temperature").addEventListener("input", showTemperature);
at("rhythm").addEventListener("change", () => {
  fitMeters({ said: true });
  fitForms();
});
at("meter").addEventListener("change", () => { at("meter-said").textContent = ""; });
for (const id of ["parts", "bars"]) at(id).addEventListener("change", fitForms);
at("seed").addEventListener("input", () => { at("keep").checked = at("seed").value !== ""; });

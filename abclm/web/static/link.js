// The page's address says which tune is shown: its wishes and its seed, or the tune itself where it was changed.

import { titleOf } from "./state.js";

const CONTROLS = new Map([...document.querySelectorAll("[data-wish]")].map((control) => [control.name, control.dataset.wish]));

function addressOf(tune) {
  const isAsWritten = tune.written && tune.abc.trim() === tune.written.trim() && tune.asked && tune.seed !== undefined;
  const isWished = isAsWritten && Object.keys(tune.asked).every((name) => CONTROLS.has(name));
  const parts = isWished ? { ...tune.asked, seed: tune.seed } : { abc: tune.abc };
  return `#${new URLSearchParams(Object.entries(parts).map(([name, value]) => [name, String(value)]))}`;
}

// Puts a tune into the address; a change of the same tune replaces what stood there, so that Back leads to other tunes.
export function remember(tune, { replace = false } = {}) {
  document.title = tune ? `${titleOf(tune)} · abclm` : "Write a tune · abclm";
  if (!tune) return;
  const address = addressOf(tune);
  const same = history.state?.tune && history.state.tune.when === tune.when;
  try {
    if (replace || same || address === location.hash) history.replaceState({ tune }, "", address);
    else history.pushState({ tune }, "", address);
  } catch {
    // The browser keeps no more; the page works without it.
  }
}

// What the address asks for: a tune that was shown here, a text, or wishes; or nothing.
export function remembered() {
  if (history.state?.tune?.abc) return { tune: history.state.tune };
  const parts = Object.fromEntries(new URLSearchParams(location.hash.slice(1)));
  if (parts.abc) return { abc: parts.abc };
  const names = Object.keys(parts).filter((name) => CONTROLS.has(name));
  if (names.length === 0) return {};
  return { asked: Object.fromEntries(names.map((name) => [name, CONTROLS.get(name) === "number" ? Number(parts[name]) : parts[name]])) };
}

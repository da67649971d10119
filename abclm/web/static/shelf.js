// The last tunes, kept by the browser: the newest first.

const NAME = "abclm-tunes";
const MOST = 20;

export function read() {
  try {
    const kept = JSON.parse(localStorage.getItem(NAME));
    return Array.isArray(kept) ? kept.filter((each) => each && typeof each.abc === "string") : [];
  } catch {
    return []; // no storage, or foreign content
  }
}

function keep(tunes) {
  try {
    localStorage.setItem(NAME, JSON.stringify(tunes.slice(0, MOST)));
  } catch {
    // Storage is full or forbidden; the page works without it.
  }
}

// Puts a tune first, and removes an older copy of it.
export function put(tune) {
  keep([tune, ...read().filter((each) => each.abc !== tune.abc)]);
}

// Replaces one tune with another.
export function change(abc, tune) {
  keep(read().map((each) => (each.abc === abc ? tune : each)));
}

export function forget(abc) {
  keep(read().filter((each) => each.abc !== abc));
}

export function forgetAll() {
  keep([]);
}

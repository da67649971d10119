// The last tunes, kept by the browser: the newest first.

const NAME = "abclm-tunes";
const MOST = 20;

export function read() {
  try {
    const kept = JSON.parse(localStorage.getItem(NAME));
    return Array.isArray(kept) ? kept.filter((each) => each && typeof each.abc === "string") : [];
  } catch {
    return []; // there is no storage, or something else in it
  }
}

function keep(tunes) {
  try {
    localStorage.setItem(NAME, JSON.stringify(tunes.slice(0, MOST)));
  } catch {
    // It is full or forbidden; the page works without.
  }
}

// Puts a tune first; the same tune stands there once.
export function put(tune) {
  keep([tune, ...read().filter((each) => each.abc !== tune.abc)]);
}

// Puts a tune in the place of another.
export function change(abc, tune) {
  keep(read().map((each) => (each.abc === abc ? tune : each)));
}

export function forget(abc) {
  keep(read().filter((each) => each.abc !== abc));
}

export function forgetAll() {
  keep([]);
}

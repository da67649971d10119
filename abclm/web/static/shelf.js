// The last tunes, kept by the browser: the newest first.

const NAME = "abclm-tunes";
const MOST = 50;

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

// Puts tunes back that were deleted; those that came meanwhile stay first.
export function restore(tunes) {
  const there = read();
  const known = new Set(there.map((each) => each.abc));
  keep([...there, ...tunes.filter((each) => !known.has(each.abc))].sort((a, b) => (b.when || 0) - (a.when || 0)));
}

// What the parts of the page share: the tune shown, what is being written, the words that are said.

export const now = {
  tune: null, // the tune shown: the API's answer; `abc` is the edited text, `written` the original
  writing: null, // the AbortController of the tune being written
};

let asks = 0;

// Call it when the user asks for a tune or changes one; what it returns says whether the user has done so again since. An
// answer of the server that comes too late is kept among the last tunes and not shown in place of what was asked for later.
export function begin() {
  const mine = ++asks;
  return () => mine !== asks;
}

export const at = (id) => document.getElementById(id);
export const calm = matchMedia("(prefers-reduced-motion: reduce)");
export const narrow = matchMedia("(max-width: 55.99rem)");

// Gives a status to screen readers, and with `seen` shows it too.
export function say(words, { seen = false } = {}) {
  at("status").textContent = words;
  at("status").classList.toggle("hidden-words", !seen);
}

export function sayBusy(seconds) {
  say(`The server is busy; the page tries again in ${seconds} ${seconds === 1 ? "second" : "seconds"}.`, { seen: true });
}

// Shows what went wrong with the tune; no words remove what stood there.
export function complainOfTune(words = "") {
  at("no-score").textContent = words;
  at("no-score").hidden = words === "";
}

export function facts(of) {
  const meter = { C: "C (4/4)", "C|": "C| (2/2)" }[of.meter] || of.meter;
  const key = [...at("key").options].find((option) => option.value && option.value === of.key)?.text || of.key;
  return [of.rhythm, meter, key && `in ${key}`].filter(Boolean).join(" · ");
}

export function titleOf(tune) {
  return tune.title || "Untitled";
}

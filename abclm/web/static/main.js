// The page: the form, the tune, and what a reader can do with the tune.

import { ask, write, Refused } from "./api.js";
import { clear, engrave, hideLetters, Pen } from "./sheet.js";
import * as shelf from "./shelf.js";

const MOST_LENGTH = 4000;
const USUAL_LENGTH = 1500;

const at = (id) => document.getElementById(id);
const form = at("ask");
const abc = at("abc");
const audio = at("audio");
const narrow = matchMedia("(max-width: 55.99rem)");
const calm = matchMedia("(prefers-reduced-motion: reduce)");

let tune = null; // the tune shown: the API's answer; `abc` is the edited text, `written` the original
let writing = null; // the AbortController of the tune being written

// The form

const controls = form.querySelectorAll("[data-wish]"); // each sends its value under its name

function valueOf(control) {
  const text = control.value.trim();
  if (text === "") return undefined;
  return control.dataset.wish === "number" ? Number(text) : text;
}

function wishes() {
  const asked = {};
  for (const control of controls) {
    const value = valueOf(control);
    if (value !== undefined) asked[control.name] = value;
  }
  if (!at("keep").checked) delete asked.seed;
  return asked;
}

function showWishes(asked) {
  for (const control of controls) control.value = asked[control.name] ?? control.dataset.unset ?? "";
  at("keep").checked = false;
  showTemperature();
  fitMeters();
  sayBars();
}

// Disables the meters that don't fit the rhythm.
function fitMeters() {
  const known = at("rhythm").selectedOptions[0]?.dataset.meters;
  for (const option of at("meter").options) {
    option.disabled = Boolean(known) && option.value !== "" && !known.includes(` ${option.value} `);
  }
  if (at("meter").selectedOptions[0]?.disabled) at("meter").value = "";
}

function showTemperature() {
  at("temperature-said").value = Number(at("temperature").value).toFixed(2);
}

function sayBars() {
  at("bars-of").textContent = at("parts").value ? "in each" : "in all";
}

// Gives a status to screen readers, and with `seen` shows it too.
function say(words, { seen = false } = {}) {
  at("status").textContent = words;
  at("status").classList.toggle("hidden-words", !seen);
}

function sayBusy(seconds) {
  say(`The server is busy; the page tries again in ${seconds} ${seconds === 1 ? "second" : "seconds"}.`, { seen: true });
}

// Shows an error, and marks the field that caused it.
function complain(words) {
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
}

// The tune being written

async function start(asked) {
  stop();
  const mine = (writing = new AbortController());
  complain("");
  silence();
  at("play").disabled = true;
  at("no-score").hidden = true;
  at("use").hidden = true;
  at("another").hidden = true;
  at("stop").hidden = false;
  at("write").disabled = true;
  at("name").textContent = asked.title || "Writing a tune";
  at("facts").textContent = "";
  say("Sending the request.");
  if (narrow.matches) at("tune").scrollIntoView({ block: "start", behavior: calm.matches ? "auto" : "smooth" });
  const pen = new Pen(asked.title || "the tune");
  try {
    let written = null;
    for await (const event of write(asked, { signal: mine.signal, busy: sayBusy })) {
      if (event.event === "waiting") say(`Waiting: ${event.ahead} ${event.ahead === 1 ? "tune" : "tunes"} before this one.`, { seen: true });
      if (event.event === "text") {
        if (!pen.text) say("Writing.");
        pen.add(event.text);
      }
      if (event.event === "written") written = event.tune;
      if (event.event === "failed") throw new Refused(event.error);
    }
    if (!written) throw new Refused("The connection to the server ended before the tune was complete.");
    await pen.end();
    if (writing !== mine) return;
    at("seed").value = written.seed;
    await present({ ...written, written: written.abc, asked, when: Date.now() });
    shelf.put(tune);
    showShelf();
  } catch (error) {
    pen.stop();
    if (writing !== mine && writing) return;
    if (tune) await present(tune);
    else showNothing();
    if (error.name === "AbortError") say("Stopped.");
    else if (error instanceof Refused) complain(error.message);
    else throw error;
  } finally {
    if (writing === mine) settle();
  }
}

function stop() {
  writing?.abort();
  settle();
}

function settle() {
  writing = null;
  at("stop").hidden = true;
  at("write").disabled = false;
}

function showNothing() {
  clear();
  at("name").textContent = "Your tune will appear here";
  at("facts").textContent = "Choose what you like, or just press the button.";
}

function facts(of) {
  const meter = { C: "C (4/4)", "C|": "C| (2/2)" }[of.meter] || of.meter;
  const key = [...at("key").options].find((option) => option.value && option.value === of.key)?.text || of.key;
  return [of.rhythm, meter, key && `in ${key}`].filter(Boolean).join(" · ");
}

// Shows a tune with its player, downloads and editor.
async function present(shown) {
  tune = shown;
  silence();
  at("use").hidden = false;
  at("another").hidden = false;
  if (abc.value !== tune.abc) abc.value = tune.abc.trimEnd() + "\n";
  at("checked").replaceChildren();
  showHead();
  showStory();
  await showScore();
  say(`${tune.title || "The tune"} is ready: ${facts(tune)}. Player, score and downloads follow.`);
}

function showHead() {
  at("name").textContent = tune.title || "Untitled";
  at("facts").textContent = facts(tune);
  at("as-written").hidden = !tune.written || tune.abc.trimEnd() === tune.written.trimEnd();
}

async function showScore() {
  const problem = at("no-score");
  try {
    if (await engrave(tune.abc, tune.title || "the tune")) {
      hideLetters();
      problem.hidden = true;
    }
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    clear(tune.abc.trimEnd());
    problem.textContent = error.message;
    problem.hidden = false;
  }
}

function showStory() {
  const rows = Object.entries(tune.made || {}).flatMap(([name, value]) => {
    const [term, said] = [document.createElement("dt"), document.createElement("dd")];
    term.textContent = name;
    said.textContent = value;
    return [term, said];
  });
  at("made").replaceChildren(...rows);
  at("story").hidden = rows.length === 0;
  const near = tune.overlap;
  let words = "";
  if (near) {
    const bars = `${near.bars} ${near.bars === 1 ? "bar" : "bars"}`;
    words = near.bars === 0
      ? "It shares no bar with any training tune, in any key."
      : `The most similar training tune is ${near.title ? `“${near.title}”` : "one without a title"}. They share ${bars}, in any key, ` +
        `which is ${Math.round(near.share * 100)} % of this tune's bars.` +
        (near.is_copy ? " Different tunes usually share less." : " This is usual for different tunes.");
  }
  at("overlap").textContent = words;
}

// The player

function silence() {
  audio.pause();
  if (audio.src.startsWith("blob:")) URL.revokeObjectURL(audio.src);
  audio.removeAttribute("src");
  audio.hidden = true;
  at("play").hidden = false;
  at("play").disabled = !tune;
  at("play").textContent = "Play";
}

async function play() {
  const button = at("play");
  const of = tune;
  const had = document.activeElement === button;
  button.disabled = true;
  button.textContent = "Loading…";
  try {
    const url = URL.createObjectURL(await (await ask("/api/sound", { abc: tune.abc, ...instrument() }, { busy: sayBusy })).blob());
    if (tune !== of) {
      URL.revokeObjectURL(url);
      return;
    }
    audio.src = url;
    audio.setAttribute("aria-label", `Player of ${tune.title || "the tune"}`);
    audio.hidden = false;
    button.hidden = true;
    setSpeed();
    if (had) audio.focus();
    await audio.play();
  } catch (error) {
    if (error.name === "NotAllowedError") return; // the browser wants a click on the player first
    if (!(error instanceof Refused)) throw error;
    say(error.message);
    at("no-score").textContent = error.message;
    at("no-score").hidden = false;
  } finally {
    if (tune === of) {
      button.disabled = false;
      button.textContent = "Play";
    }
  }
}

function setSpeed() {
  audio.playbackRate = Number(at("speed").value);
}

// Downloads

function instrument() {
  return at("instrument").value ? { instrument: at("instrument").value } : {};
}

function convert({ format, sound, made }) {
  const asked = { abc: tune.abc, format };
  if (sound !== undefined) Object.assign(asked, instrument());
  if (made !== undefined && tune.made) asked.made = tune.made;
  return ask("/api/convert", asked, { busy: sayBusy });
}

async function download(button) {
  button.disabled = true;
  try {
    const response = await convert(button.dataset);
    const name = /filename="([^"]+)"/.exec(response.headers.get("Content-Disposition"))?.[1];
    const link = document.createElement("a");
    link.href = URL.createObjectURL(await response.blob());
    link.download = decodeURIComponent(name || `tune.${button.dataset.format}`);
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
    say(`Downloaded ${link.download}.`);
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    say(error.message);
    at("no-score").textContent = error.message;
    at("no-score").hidden = false;
  } finally {
    button.disabled = false;
    button.focus();
  }
}

// The editor

let checking = 0;

async function edited() {
  clearTimeout(checking);
  checking = setTimeout(async () => {
    if (!tune || writing) return;
    const text = abc.value;
    if (text.trim() === tune.abc.trim()) return;
    try {
      const read = await (await ask("/api/check", { abc: text || " " })).json();
      if (abc.value !== text || writing) return;
      const before = tune;
      tune = { ...tune, abc: text, title: read.title, rhythm: read.rhythm, meter: read.meter, key: read.key };
      if (text.trim() !== (tune.written || "").trim()) tune.overlap = null;
      silence();
      showHead();
      showStory();
      listProblems(read.problems);
      shelf.change(before.abc, tune);
      showShelf();
      await showScore();
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      listProblems([{ line: 0, severity: "error", message: error.message }]);
    }
  }, 500);
}

function listProblems(problems) {
  const list = document.createElement("ul");
  list.className = "problems";
  for (const problem of problems.slice(0, 20)) {
    const item = document.createElement("li");
    item.className = problem.severity;
    if (problem.line) {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = `line ${problem.line}, ${problem.column}`;
      button.addEventListener("click", () => goTo(problem.line, problem.column));
      item.append(button, " ");
    }
    item.append(`${problem.severity}: ${problem.message}`);
    list.append(item);
  }
  const words = document.createElement("p");
  words.className = "hint";
  const more = problems.length > 20 ? ` Only the first 20 of ${problems.length} are shown.` : "";
  words.textContent = problems.length ? more : "No problems found.";
  at("checked").replaceChildren(list, words);
}

function goTo(line, column) {
  const lines = abc.value.split("\n");
  const place = lines.slice(0, line - 1).reduce((sum, each) => sum + each.length + 1, 0) + column - 1;
  abc.focus();
  abc.setSelectionRange(place, place + 1);
}

async function goOn() {
  const text = abc.value;
  try {
    const read = await (await ask("/api/check", { abc: text || " " })).json();
    const begin = text.indexOf(read.body);
    const kept = abc.selectionStart > begin ? text.slice(begin, abc.selectionStart) : read.body;
    if (!/[A-Ga-gz]/.test(kept)) throw new Refused("There is no music before the cursor to continue.");
    const asked = { opening: kept, temperature: valueOf(at("temperature")), key: read.key };
    for (const name of ["title", "rhythm", "meter", "unit_note_length"]) if (read[name]) asked[name] = read[name];
    if (at("keep").checked && valueOf(at("seed")) !== undefined) asked.seed = valueOf(at("seed"));
    asked.max_length = Math.min(MOST_LENGTH, kept.length + USUAL_LENGTH);
    at("tune").scrollIntoView({ block: "start" });
    await start(asked);
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    listProblems([{ line: 0, severity: "error", message: error.message }]);
  }
}

// The last tunes

function showShelf() {
  const tunes = shelf.read();
  at("shelf").hidden = tunes.length === 0;
  at("tunes").replaceChildren(...tunes.map((kept) => {
    const item = document.createElement("li");
    const open = document.createElement("button");
    const more = document.createElement("small");
    const forget = document.createElement("button");
    open.type = forget.type = "button";
    open.className = "open";
    open.textContent = kept.title || "Untitled";
    more.textContent = facts(kept);
    open.append(more);
    if (tune && kept.abc === tune.abc) open.setAttribute("aria-current", "true");
    open.addEventListener("click", () => reopen(kept));
    forget.className = "forget";
    forget.textContent = "×";
    forget.setAttribute("aria-label", `Delete ${kept.title || "the tune without a title"}`);
    forget.addEventListener("click", () => {
      shelf.forget(kept.abc);
      showShelf();
      (at("tunes").querySelector("button") || at("write")).focus();
    });
    item.append(open, forget);
    return item;
  }));
}

async function reopen(kept) {
  stop();
  showWishes({ ...kept.asked, seed: kept.seed });
  await present(kept);
  showShelf();
  at("tune").scrollIntoView({ block: "start" });
  at("tune").focus({ preventScroll: true });
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  start(wishes());
});
at("stop").addEventListener("click", () => {
  stop();
  at("write").focus();
});
at("another").addEventListener("click", () => {
  const asked = { ...(tune.asked || wishes()) };
  delete asked.seed;
  at("keep").checked = false;
  start(asked);
});
at("temperature").addEventListener("input", showTemperature);
at("rhythm").addEventListener("change", fitMeters);
at("parts").addEventListener("change", sayBars);
at("seed").addEventListener("input", () => { at("keep").checked = at("seed").value !== ""; });
at("play").addEventListener("click", play);
at("speed").addEventListener("change", setSpeed);
at("instrument").addEventListener("change", () => {
  if (!audio.hidden) {
    silence();
    play();
  }
});
for (const button of document.querySelectorAll("[data-format]")) button.addEventListener("click", () => download(button));
abc.addEventListener("input", edited);
at("go-on").addEventListener("click", goOn);
at("as-written").addEventListener("click", () => {
  abc.value = tune.written.trimEnd() + "\n";
  abc.focus();
  edited();
});
at("clear").addEventListener("click", () => {
  shelf.forgetAll();
  showShelf();
  at("write").focus();
});
at("more").open = !narrow.matches;
showTemperature();
fitMeters();
sayBars();
showShelf();

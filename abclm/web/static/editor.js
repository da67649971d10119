// The editor: the tune's text, what is wrong in it, and what the model or the program makes of it.

import { ask, Refused } from "./api.js";
import { valueOf } from "./form.js";
import { remember } from "./link.js";
import { showShelf } from "./list.js";
import { silence } from "./player.js";
import * as shelf from "./shelf.js";
import { at, begin, now, say, sayBusy } from "./state.js";
import { showHead, showScore, showStory, start, take } from "./tune.js";

const MOST_LENGTH = 4000;
const USUAL_LENGTH = 1500;
const BY_HAND = "Changed";
const abc = at("abc");

let checking = 0;
let cursorWasMoved = false;

// Keeps an edit at once, also where the server is away; what it looks like follows a little later.
function edited() {
  clearTimeout(checking);
  if (!now.tune) return;
  begin();
  const text = abc.value;
  if (text.trim() !== now.tune.abc.trim()) commit(text);
  checking = setTimeout(() => check(text), 500);
}

function commit(text) {
  const before = now.tune;
  now.tune = { ...before, abc: text };
  const isAsWritten = text.trim() === (before.written || "").trim();
  if (!isAsWritten) {
    now.tune.overlap = null;
    if (before.made) now.tune.made = { ...before.made, [BY_HAND]: "then changed by hand" };
  } else {
    now.tune.made = Object.fromEntries(Object.entries(before.made || {}).filter(([name]) => name !== BY_HAND));
  }
  shelf.change(before.abc, now.tune);
  silence();
  showHead();
  showStory();
  remember(now.tune, { replace: true });
}

async function check(text) {
  const of = now.tune;
  const isLate = () => abc.value !== text || now.tune !== of || at("use").hidden;
  try {
    const read = await (await ask("/api/check", { abc: text || " " })).json();
    if (isLate()) return;
    now.tune = { ...of, title: read.title, rhythm: read.rhythm, meter: read.meter, key: read.key };
    shelf.change(of.abc, now.tune);
    showHead();
    listProblems(read.problems);
    remember(now.tune, { replace: true });
    showShelf();
    await showScore();
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    if (!isLate()) listProblems([{ line: 0, severity: "error", message: error.message }]);
  }
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

// Marks a note of the text that was clicked in the score.
export function showInText(place) {
  const end = place + (/^[_=^]*[A-Ga-gzx][,']*[\d/]*|^\[[^\]]*\][\d/]*/.exec(abc.value.slice(place))?.[0].length || 1);
  abc.setSelectionRange(place, end);
  cursorWasMoved = true;
  if (!at("editor").open) return;
  const row = abc.value.slice(0, place).split("\n").length - 1;
  abc.scrollTop = Math.max(0, (row - 3) * parseFloat(getComputedStyle(abc).lineHeight));
}

// The music that is kept: to the cursor; where nobody moved it, all of it, open at its end.
async function keptMusic() {
  const text = abc.value;
  const read = await (await ask("/api/check", { abc: text || " " })).json();
  const begin = text.indexOf(read.body);
  const cursor = abc.selectionStart;
  const isInside = cursorWasMoved && cursor > begin && text.slice(cursor).trim() !== "";
  const kept = isInside ? text.slice(begin, cursor) : text.slice(begin).trimEnd().replace(/\|\]$/, "|").concat("\n");
  if (!/[A-Ga-gz]/.test(kept)) throw new Refused("There is no music before the cursor to continue.");
  return { kept, read };
}

async function goOn() {
  const isLate = begin();
  try {
    const { kept, read } = await keptMusic();
    if (isLate()) return;
    const asked = { opening: kept, any_form: true, temperature: valueOf(at("temperature")), key: read.key };
    for (const name of ["title", "rhythm", "meter", "unit_note_length"]) if (read[name]) asked[name] = read[name];
    asked.max_length = Math.min(MOST_LENGTH, kept.length + USUAL_LENGTH);
    at("tune").scrollIntoView({ block: "start" });
    await start(asked);
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    if (!isLate()) listProblems([{ line: 0, severity: "error", message: error.message }]);
  }
}

// Has a part of the tune written, or some bars of it anew; the rest is kept. The seed is another one each time: with that of
// the tune, the same would be written again.
async function writeInto(options) {
  const asked = { ...options, temperature: valueOf(at("temperature")) };
  at("tune").scrollIntoView({ block: "start" });
  await start(asked);
}

async function transpose(semitones) {
  if (!semitones) return;
  const of = now.tune;
  const isLate = begin();
  try {
    say("Transposing.", { seen: true });
    const moved = await (await ask("/api/transpose", { abc: abc.value, semitones }, { busy: sayBusy })).json();
    const { title, rhythm, meter, key } = await (await ask("/api/check", { abc: moved.abc }, { busy: sayBusy })).json();
    const made = { ...of.made, [BY_HAND]: `transposed by ${semitones} semitones` };
    await take({ abc: moved.abc, title, rhythm, meter, key, made }, isLate);
    if (isLate()) return;
    const message = `the melody was transposed; left out: ${moved.left_out.join(", ")}. The tune before it is kept.`;
    if (moved.left_out.length) listProblems([{ line: 0, severity: "warning", message }]);
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    if (!isLate()) listProblems([{ line: 0, severity: "error", message: error.message }]);
  }
}

// Several tunes at once: each is kept, and the first is shown.
export async function takeAll(texts, from, isLate) {
  const tunes = [];
  for (const text of texts) {
    const { title, rhythm, meter, key } = await (await ask("/api/check", { abc: text }, { busy: sayBusy })).json();
    tunes.push({ abc: text, title, rhythm, meter, key, made: { From: from } });
  }
  const when = Date.now();
  tunes.slice(1).reverse().forEach((tune, i) => shelf.put({ when: when - tunes.length + i, ...tune }));
  await take(tunes[0], isLate);
  if (tunes.length > 1 && !isLate()) say(`${tunes.length} tunes are kept among your last tunes; the first is shown.`, { seen: true });
}

export function tunesIn(text) {
  return text.split(/^(?=X:)/m).filter((each) => each.startsWith("X:"));
}

async function pasted(event) {
  const added = event.clipboardData?.getData("text").replace(/\r\n?/g, "\n") || "";
  const tunes = tunesIn(added);
  if (tunes.length < 2) return;
  event.preventDefault();
  const isLate = begin();
  try {
    await takeAll(tunes, "pasted text", isLate);
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    if (!isLate()) listProblems([{ line: 0, severity: "error", message: error.message }]);
  }
}

abc.addEventListener("input", edited);
abc.addEventListener("paste", pasted);
for (const event of ["keyup", "pointerup", "input"]) abc.addEventListener(event, () => { cursorWasMoved = true; });
document.addEventListener("shown", () => { cursorWasMoved = false; });
at("go-on").addEventListener("click", goOn);
at("second").addEventListener("click", () => writeInto({ like: abc.value, part: "B" }));
at("anew").addEventListener("click", () => {
  const bars = at("bars-anew").value.trim();
  if (bars) writeInto({ rewrite: abc.value, rewrite_bars: bars });
  else at("bars-anew").focus();
});
at("move").addEventListener("click", () => transpose(Number(at("semitones").value)));
at("as-written").addEventListener("click", () => {
  abc.value = `${now.tune.written.trimEnd()}\n`;
  abc.focus();
  edited();
});

// The tune: how it is written, shown and kept.

import { write, Refused } from "./api.js";
import { complain, refresh, showWishes } from "./form.js";
import { remember } from "./link.js";
import { showShelf } from "./list.js";
import { silence } from "./player.js";
import { clear, engrave, hideLetters, Pen } from "./sheet.js";
import * as shelf from "./shelf.js";
import { at, begin, calm, complainOfTune, facts, narrow, now, say, sayBusy, titleOf } from "./state.js";

const abc = at("abc");

// Asks for a tune and shows it as it is written.
export async function start(asked) {
  const isLate = begin();
  stop();
  const mine = (now.writing = new AbortController());
  complain("");
  complainOfTune();
  silence();
  at("play").disabled = true;
  for (const id of ["use", "another", "candidates"]) at(id).hidden = true;
  at("stop").hidden = false;
  at("write").disabled = true;
  at("name").textContent = asked.title || "Writing a tune";
  at("facts").textContent = "";
  say("Sending the request.", { seen: true });
  if (narrow.matches) at("tune").scrollIntoView({ block: "start", behavior: calm.matches ? "auto" : "smooth" });
  const pen = new Pen(asked.title || "the tune");
  try {
    const written = await receive(asked, mine, pen);
    await pen.end();
    if (now.writing !== mine) return;
    at("seed").value = written.seed;
    await take({ ...written, written: written.abc, asked }, isLate);
  } catch (error) {
    pen.stop();
    if (!isLate()) await giveUp(error, asked, pen.text);
  } finally {
    if (now.writing === mine) settle();
  }
}

async function receive(asked, mine, pen) {
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
  return written;
}

// Shows what there is of a tune that did not come to its end: what was written of it, else the tune before it.
async function giveUp(error, asked, text) {
  const isStopped = error.name === "AbortError";
  const music = text.slice(text.indexOf("\nK:") + 1).split("\n").slice(1).join("\n");
  if (!isStopped && text.includes("\nK:") && music.trim()) {
    const head = Object.fromEntries([...text.matchAll(/^([TRMK]):(.*)/gm)].map(([, letter, value]) => [letter, value]));
    const made = { "Not complete": error.message };
    await take({ abc: text, title: head.T || asked.title, rhythm: head.R, meter: head.M, key: head.K, made });
    complain(`${error.message} What was written is kept.`);
  } else {
    if (now.tune) await present(now.tune);
    else showNothing();
    if (isStopped) say("Stopped.");
    else if (error instanceof Refused) complain(error.message);
    else throw error;
  }
}

export function stop() {
  now.writing?.abort();
  settle();
}

function settle() {
  now.writing = null;
  at("stop").hidden = true;
  at("write").disabled = false;
}

export function showNothing() {
  now.tune = null;
  clear();
  silence();
  for (const id of ["use", "another"]) at(id).hidden = true;
  at("name").textContent = "Your tune will appear here";
  at("facts").textContent = "Choose what you like, or just press the button.";
  remember(null);
}

// Keeps a new tune, and shows it if nothing else was asked for since.
export async function take(tune, isLate = begin()) {
  const kept = { when: Date.now(), ...tune };
  shelf.put(kept);
  if (isLate()) {
    showShelf();
    return;
  }
  stop();
  await present(kept);
}

// Shows a tune with its player, downloads and editor.
export async function present(shown, { isRemembered = false } = {}) {
  now.tune = shown;
  silence();
  for (const id of ["use", "another"]) at(id).hidden = false;
  at("candidates").hidden = true;
  if (abc.value !== now.tune.abc) abc.value = `${now.tune.abc.trimEnd()}\n`;
  at("checked").replaceChildren();
  document.dispatchEvent(new Event("shown"));
  showHead();
  showStory();
  showShelf();
  remember(now.tune, { replace: isRemembered });
  await showScore();
  if (now.tune === shown) say(`${shown.title || "The tune"} is ready: ${facts(shown)}. Player, score and downloads follow.`);
}

// Shows a tune of the list, with the wishes that it came from.
export async function reopen(kept, options) {
  begin();
  stop();
  complain("");
  showWishes({ ...kept.asked, seed: kept.seed });
  refresh();
  await present(kept, options);
  if (options?.isRemembered) return;
  at("tune").scrollIntoView({ block: "start" });
  at("tune").focus({ preventScroll: true });
}

export function showHead() {
  at("name").textContent = titleOf(now.tune);
  at("facts").textContent = facts(now.tune);
  at("as-written").hidden = !now.tune.written || now.tune.abc.trimEnd() === now.tune.written.trimEnd();
}

export async function showScore() {
  const of = now.tune;
  try {
    if (await engrave(of.abc, of.title || "the tune")) {
      hideLetters();
      complainOfTune();
    }
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    if (now.tune !== of) return;
    clear(of.abc.trimEnd());
    complainOfTune(error.message);
  }
}

export function showStory() {
  const rows = Object.entries(now.tune.made || {}).flatMap(([name, value]) => {
    const [term, said] = [document.createElement("dt"), document.createElement("dd")];
    term.textContent = name;
    said.textContent = value;
    return [term, said];
  });
  at("made").replaceChildren(...rows);
  at("story").hidden = rows.length === 0;
  const near = now.tune.overlap;
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

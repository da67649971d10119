// The list of the last tunes, with what can be done with all of them.

import { ask, Refused } from "./api.js";
import { save } from "./files.js";
import * as shelf from "./shelf.js";
import { at, facts, now, say, sayBusy, titleOf } from "./state.js";

let removed = []; // what the last deletion took, for its undoing

export function showShelf() {
  const tunes = shelf.read();
  at("shelf").hidden = tunes.length === 0 && removed.length === 0;
  at("kept").hidden = tunes.length === 0;
  at("undo").hidden = removed.length === 0;
  at("tunes").replaceChildren(...tunes.map(item));
}

function item(kept) {
  const item = document.createElement("li");
  const [open, more, forget] = ["button", "small", "button"].map((name) => document.createElement(name));
  open.type = forget.type = "button";
  open.className = "open";
  open.textContent = titleOf(kept);
  more.textContent = facts(kept);
  open.append(more);
  if (now.tune && kept.abc === now.tune.abc) open.setAttribute("aria-current", "true");
  open.addEventListener("click", () => document.dispatchEvent(new CustomEvent("reopen", { detail: kept })));
  forget.className = "forget";
  forget.textContent = "×";
  forget.setAttribute("aria-label", `Delete ${kept.title || "the tune without a title"}`);
  forget.addEventListener("click", () => {
    removed = [kept];
    shelf.forget(kept.abc);
    showShelf();
    say(`Deleted ${titleOf(kept)}.`);
    at("undo").focus();
  });
  item.append(open, forget);
  return item;
}

// Makes one file of all the tunes, the oldest first.
async function makeBook(button) {
  button.disabled = true;
  try {
    const tunes = shelf.read().reverse();
    const abc = tunes.map((tune, i) => tune.abc.trim().replace(/^X:.*/m, `X:${i + 1}`)).join("\n\n");
    const asked = { abc, format: button.dataset.book, title: "My tunes" };
    say("Making the book.", { seen: true });
    await save(await ask("/api/book", asked, { busy: sayBusy }), `my-tunes.${asked.format}`);
    at("book-problem").textContent = "";
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    at("book-problem").textContent = error.message;
    say(error.message);
  } finally {
    button.disabled = false;
  }
}

for (const button of document.querySelectorAll("[data-book]")) button.addEventListener("click", () => makeBook(button));
at("clear").addEventListener("click", () => {
  removed = shelf.read();
  shelf.forgetAll();
  showShelf();
  say("Deleted all tunes.");
  at("undo").focus();
});
at("undo").addEventListener("click", () => {
  shelf.restore(removed);
  removed = [];
  showShelf();
  say("The tunes are there again.");
  (at("tunes").querySelector("button") || at("write")).focus();
});
addEventListener("storage", showShelf); // another tab has changed it

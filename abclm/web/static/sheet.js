// Shows a tune while it is written: its ABC text, and a score as soon as a line is complete.

import { askDrawing, Refused } from "./api.js";
import { calm } from "./state.js";

const NARROWEST = 700;
const WIDEST = 2000;
const TENTHS_A_PIXEL = 2.5; // the natural size of staves
const CHARACTERS_A_SECOND = 160;
const MOST_BEHIND_SECONDS = 1.5;
const MOST_PIXELS_AWAY = 16;

const sheet = document.getElementById("sheet");
const score = document.getElementById("score");
const manuscript = document.getElementById("manuscript");
const empty = document.getElementById("empty");

let engraving = new AbortController();
let shown = ""; // the ABC whose staves are shown
let shownWidth = 0;

// The score's width for this sheet; in steps, so that it is not engraved again for every pixel.
function width() {
  const pixels = sheet.clientWidth - 16;
  return Math.min(WIDEST, Math.max(NARROWEST, Math.round((pixels * TENTHS_A_PIXEL) / 50) * 50));
}

// Engraves ABC and shows the score; returns false if a later call has replaced it.
export async function engrave(abc, title, options = {}) {
  engraving.abort();
  const mine = (engraving = new AbortController());
  const wide = width();
  let drawing;
  sheet.classList.add("engraving");
  try {
    drawing = await askDrawing("/api/score", { abc, width: wide }, { ...options, signal: mine.signal });
  } catch (error) {
    if (mine.signal.aborted) return false;
    throw error;
  } finally {
    if (engraving === mine) sheet.classList.remove("engraving");
  }
  if (mine.signal.aborted) return false;
  drawing.setAttribute("aria-hidden", "true"); // the element around it has a name
  drawing.removeAttribute("role");
  if (score.hidden) score.classList.add("fresh");
  score.replaceChildren(drawing);
  score.setAttribute("aria-label", `Score of ${title}`);
  score.hidden = false;
  empty.hidden = true;
  [shown, shownWidth] = [abc, wide];
  return true;
}

// Removes the score and shows the text.
export function clear(text = "") {
  engraving.abort();
  score.replaceChildren();
  score.classList.remove("fresh");
  score.hidden = true;
  shown = "";
  show(text);
}

function show(text) {
  manuscript.textContent = text;
  manuscript.hidden = text === "";
  empty.hidden = text !== "" || !score.hidden;
}

// Shows a tune while it is written: first each line's text, then its staves.
export class Pen {
  constructor(title) {
    this.title = title;
    this.text = ""; // the text received so far
    this.seen = 0; // how many characters of it were shown
    this.set = 0; // how many characters of it are in the score
    this.tried = 0;
    this.busy = false;
    this.ended = false;
    this.last = 0;
    this.finished = new Promise((resolve) => { this.finish = resolve; });
    clear();
    sheet.classList.add("writing");
    sheet.setAttribute("aria-busy", "true");
  }

  add(text) {
    this.text += text;
    if (!this.last) {
      this.last = performance.now();
      requestAnimationFrame((now) => this.draw(now));
    }
  }

  // Ends the text; returns a promise that resolves when all of it was shown.
  end() {
    this.ended = true;
    if (!this.last) this.finish();
    return this.finished;
  }

  stop() {
    this.ended = true;
    this.stopped = true;
    this.close();
  }

  draw(now) {
    if (this.stopped) return;
    const behind = this.text.length - this.seen;
    const rate = Math.max(CHARACTERS_A_SECOND, behind / MOST_BEHIND_SECONDS);
    const more = calm.matches || document.hidden ? behind : rate * Math.min(0.1, (now - this.last) / 1000);
    this.last = now;
    this.seen = Math.min(this.text.length, this.seen + more);
    const whole = Math.floor(this.seen);
    show(this.text.slice(this.set, whole));
    this.setLines(whole);
    if (this.ended && this.seen >= this.text.length) {
      this.close();
      return;
    }
    if (document.hidden) setTimeout(() => this.draw(performance.now()), 50);
    else requestAnimationFrame((later) => this.draw(later));
  }

  // Engraves the complete lines of music, one request at a time; an unfinished line stays text.
  async setLines(seen) {
    const end = this.text.lastIndexOf("\n", seen - 1) + 1;
    const music = this.text.indexOf("\nK:");
    const begin = music < 0 ? -1 : this.text.indexOf("\n", music + 1) + 1;
    if (this.busy || calm.matches || begin <= 0 || end <= Math.max(begin, this.tried)) return;
    this.busy = true;
    this.tried = end; // what failed is not tried again; the whole tune is engraved at the end, and that reports the error
    try {
      if (await engrave(this.text.slice(0, end), this.title, { tries: 1 }) && !this.stopped) this.set = end;
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
    } finally {
      this.busy = false;
    }
  }

  close() {
    sheet.classList.remove("writing");
    sheet.removeAttribute("aria-busy");
    this.finish();
  }
}

// Engraves again when the sheet's width changes.
let settling = 0;
new ResizeObserver(() => {
  clearTimeout(settling);
  settling = setTimeout(() => {
    if (shown && width() !== shownWidth) engrave(shown, score.getAttribute("aria-label").replace("Score of ", "")).catch(() => {});
  }, 250);
}).observe(sheet);

export function hideLetters() {
  show("");
}

// Calls back with the offset in the tune's text and the name of the note that was clicked, or of the nearest one.
export function onNote(use) {
  score.addEventListener("click", (event) => {
    let nearest = null;
    let least = MOST_PIXELS_AWAY;
    for (const each of score.querySelectorAll("[id^=n]")) {
      if (!/^n\d+(-\d+)?(\.\d+)?$/.test(each.id) || !/note|rest/.test(each.getAttribute("class"))) continue;
      const box = each.getBoundingClientRect();
      const aside = Math.max(box.left - event.clientX, 0, event.clientX - box.right);
      const above = Math.max(box.top - event.clientY, 0, event.clientY - box.bottom);
      const away = Math.hypot(aside, above);
      if (away < least) [nearest, least] = [each, away];
    }
    if (nearest) use(Number(/\d+/.exec(nearest.id)[0]), nearest.id.replace(/\.\d+$/, ""));
  });
}

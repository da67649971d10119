// Shows a tune while it is written: its ABC text, and a score as soon as a line is complete.

import { ask } from "./api.js";

const NARROWEST = 700;
const WIDEST = 2000;
const TENTHS_A_PIXEL = 2.5; // the natural size of staves
const CHARACTERS_A_SECOND = 160;
const MOST_BEHIND_SECONDS = 1.5;

const sheet = document.getElementById("sheet");
const score = document.getElementById("score");
const manuscript = document.getElementById("manuscript");
const empty = document.getElementById("empty");
const calm = matchMedia("(prefers-reduced-motion: reduce)");

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
  let url = "";
  try {
    const response = await ask("/api/score", { abc, width: wide }, { ...options, signal: mine.signal });
    url = URL.createObjectURL(await response.blob());
    const picture = new Image();
    picture.src = url;
    await picture.decode();
  } catch (error) {
    URL.revokeObjectURL(url);
    if (mine.signal.aborted) return false;
    throw error;
  }
  if (mine.signal.aborted) {
    URL.revokeObjectURL(url);
    return false;
  }
  const before = score.src;
  score.src = url;
  score.alt = `Score of ${title}`;
  if (before.startsWith("blob:")) URL.revokeObjectURL(before);
  else score.classList.add("fresh");
  score.hidden = false;
  empty.hidden = true;
  [shown, shownWidth] = [abc, wide];
  return true;
}

// Removes the score and shows the text.
export function clear(text = "") {
  engraving.abort();
  if (score.src.startsWith("blob:")) URL.revokeObjectURL(score.src);
  score.removeAttribute("src");
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
    if (this.busy || calm.matches || begin <= 0 || end <= Math.max(begin, this.set)) return;
    this.busy = true;
    try {
      if (await engrave(this.text.slice(0, end), this.title) && !this.stopped) this.set = end;
    } catch {
      // The whole tune is engraved at the end, and that reports the error.
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
    if (shown && width() !== shownWidth) engrave(shown, score.alt.replace("Score of ", "")).catch(() => {});
  }, 250);
}).observe(sheet);

export function hideLetters() {
  show("");
}

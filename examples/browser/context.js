// Turn a tune, as it is written symbol by symbol, into what the model reads beside each symbol: the place in the form,
// what it is told, and what earlier passages and bars would go on with.
//
// It does what abclm/notation/place.py, abclm/models/recall.py and abclm/models/context.py do, whose docstrings say what
// each column is; tests/test_browser_example.py compares the columns.

import { WHOLE, parseMeter, parseUnit, readBar, usualUnit } from "./bars.js";

const LETTERS = "CDEFGAB";
const MODES = { "": 0, m: -3, dor: -2, phr: -4, lyd: 1, mix: -1, loc: -5 };
const MODE_NAMES = { "": "", maj: "", ion: "", m: "m", min: "m", aeo: "m", dor: "dor", phr: "phr", lyd: "lyd", mix: "mix", loc: "loc" };
const [MOST_BARS, MOST_PARTS, MOST_SYMBOLS, MOST_MATCHED] = [32, 8, 30, 15];
const BARS_BACK = [4, 8, 2];
const PICKUP = 0.7; // of a full bar; a shorter first bar of a part is its pick-up
const NONE = BARS_BACK.map(() => "").concat("");

/** The tonic and the mode of a `K:` field, such as ["A", "dor"]; null for what is no key. */
export function parseKey(text) {
  const value = text.trim();
  if (!value || /^none\b/i.test(value) || /^[_=^]+[A-Ga-g]/.test(value)) return ["C", ""];
  if (/^hp\b/i.test(value)) return ["A", "mix"];
  const [, tonic, word] = /^([A-G][#b]?)\s*([A-Za-z]*)/.exec(value) ?? [];
  const short = word?.toLowerCase().slice(0, 3);
  if (tonic === undefined || !(short in MODE_NAMES) || (word.length < 3 && !["", "m"].includes(short))) return null;
  const mode = MODE_NAMES[short];
  const sharps = "FCGDAEB".indexOf(tonic[0]) - 1 + 7 * ({ "#": 1, b: -1 }[tonic[1]] ?? 0) + MODES[mode];
  return Math.abs(sharps) > 7 ? null : [tonic, mode];
}

/** Looks up what came after the last passage like the one that ends the tune so far. */
class Cache {
  constructor(shortest, longest) {
    Object.assign(this, { shortest, longest, length: shortest - 1, ids: "", recalled: null });
  }

  add(id) {
    this.ids += String.fromCharCode(id);
    const end = this.ids.length;
    for (let length = Math.min(this.length + 1, this.longest, end); length >= this.shortest; length--) {
      const found = this.ids.lastIndexOf(this.ids.slice(end - length), end - 1 - length);
      if (found >= 0 && end - 1 - length >= 0) {
        this.length = length;
        this.recalled = this.ids.charCodeAt(found + length);
        return;
      }
    }
    this.length = this.shortest - 1;
    this.recalled = null;
  }
}

/** The place after the symbols that were added; arrays in it are replaced and never changed. */
class Place {
  constructor() {
    this.inBody = false;
    this.part = 0;
    this.text = ""; // of the current bar so far; in the header of the current line
    this.bars = []; // the finished bars of the part, each with the first symbol of its bar line
    this.before = []; // the same of the part before
    this.aligned = NONE; // earlier bars that are as the current bar so far
    this.degree = 0; // of the last note in the key, 1 to 7
    this.line = ""; // the bar line that is not over yet
    this.meter = parseMeter("C");
    this.unit = null;
    this.inside = ""; // the chord, inline field or chord symbol that is not over yet
    this._pickup = this._pickupBefore = 0; // bars: 1 where a part begins with a pick-up
    this._inTuplet = false;
    this._firstEnding = [-1, 0]; // the part that it is in, and the bars before it
    this._tonic = 0;
  }

  /** The number of the current bar in its part, from 1. */
  get bar() {
    return Math.max(this.bars.length - this._pickup, 0) + 1;
  }

  /** The ticks of a note without a number. */
  get unitTicks() {
    return this.unit ?? usualUnit(this.meter);
  }

  add(symbol) {
    if (!this.inBody) this._addToHeader(symbol);
    else if (symbol === "\n") return;
    else if (this.inside) this._addInside(symbol);
    else if (symbol === "|" || (symbol === ":" && !this._inTuplet) || (symbol === "]" && this.line === "|")) {
      this._addBarLine(symbol);
    } else if (this.line && /[0-9,]/.test(symbol)) this._beginEnding(symbol);
    else {
      if (symbol === "[" || symbol === '"') this.inside = symbol;
      else {
        this.line = "";
        this._inTuplet = symbol === "(" || (this._inTuplet && /[0-9:]/.test(symbol));
        this._note(symbol);
      }
      this._addToBar(symbol);
    }
  }

  _addToHeader(symbol) {
    if (symbol !== "\n") {
      this.text += symbol;
      return;
    }
    const line = this.text;
    this.text = "";
    this._change(line[0], line.slice(2));
    if (line.startsWith("K:")) [this.inBody, this.part] = [true, 1];
  }

  _change(letter, value) {
    if (letter === "K") {
      const key = parseKey(value);
      if (key) this._tonic = LETTERS.indexOf(key[0][0]);
    } else if (letter === "M") this.meter = parseMeter(value) ?? this.meter;
    else if (letter === "L") this.unit = parseUnit(value) ?? this.unit;
  }

  _note(symbol) {
    const letter = LETTERS.indexOf(symbol.toUpperCase());
    if (letter >= 0) this.degree = 1 + ((letter - this._tonic + 7) % 7);
  }

  _addToBar(symbol) {
    const at = this.text.length;
    this.text += symbol;
    if (this.aligned === NONE) return;
    const kept = this.aligned.map((bar) => (bar[at] === symbol ? bar : ""));
    this.aligned = kept.some(Boolean) ? kept : NONE;
  }

  _addInside(symbol) {
    if (this.inside === "[" && this.line && /[0-9]/.test(symbol)) {
      [this.inside, this.text] = ["", this.text.slice(0, -1)];
      this._beginEnding(symbol);
      return;
    }
    this.line = "";
    this.inside += symbol;
    this._addToBar(symbol);
    if (this.inside[0] === '"') {
      if (symbol === '"') this.inside = "";
      return;
    }
    const isField = this.inside[2] === ":";
    if (symbol === "]") {
      if (isField) this._change(this.inside[1], this.inside.slice(3, -1));
      this.inside = "";
    } else if (!isField) this._note(symbol);
  }

  _addBarLine(symbol) {
    if (/^(?:\[[A-Z]:[^\]]*\])+$/.test(this.text)) this.text = ""; // no bar, but a field between bar lines
    if (this.text) {
      if (!this.bars.length) this._pickup = Number(this._isPickup());
      this.bars = [...this.bars, this.text + symbol];
      this.text = this.line = "";
    }
    this.line += symbol;
    if (this.line !== "|" && this.bars.length > this._pickup) {
      [this.before, this._pickupBefore] = [this.bars, this._pickup];
      [this.bars, this._pickup] = [[], 0];
      this.part++;
    }
    this._align();
  }

  _beginEnding(symbol) {
    if (!"|:]".includes(this.line.at(-1)) || symbol === ",") return;
    this.line += symbol;
    const [part, begin] = this._firstEnding;
    if (symbol === "1") this._firstEnding = [this.part, this.bars.length];
    else if (this.part === part || (this.part === part + 1 && !this.bars.length)) {
      if (this.part === part) [this.before, this._pickupBefore] = [this.bars, this._pickup];
      [this.part, this.bars, this._pickup] = [part, this.before.slice(0, begin), this._pickupBefore];
    }
    this._align();
  }

  _align() {
    const bars = this.bars.length;
    const number = bars ? bars - this._pickup : 0;
    const found = BARS_BACK.map((back) => (number >= back ? this.bars[bars - back] : ""));
    found.push(this.before[bars ? number + this._pickupBefore : 0] ?? "");
    this.aligned = !this.text && found.some(Boolean) ? found : NONE;
  }

  _isPickup() {
    const full = this.meter.length;
    return full !== null && readBar(this.text, this.meter, this.unitTicks).length < PICKUP * full;
  }
}

/**
 * Follows a tune that is written symbol by symbol. It begins after the newline before the tune.
 *
 * Its `row` is the columns at this place, in the order that the file's `columns` name; `place` is where in the form it is.
 */
export class Context {
  /**
   * @param {object} facts - the JSON file beside the model.
   * @param {{rhythm: ?string, key: ?string, form: number[]}} told - what the model is told of the tune; null and [] for
   *     what is unknown.
   */
  constructor(facts, told) {
    this._facts = facts;
    const [tonic, mode] = (told.key !== null && parseKey(told.key)) || [];
    const { rhythms, tonics, modes } = facts.told;
    this._told = [rhythms[told.rhythm] ?? 0, tonics[tonic] ?? 0, modes[mode] ?? 0];
    this._form = told.form;
    this.place = new Place();
    this._cache = new Cache(facts.passages.shortest, facts.passages.longest);
    this._cache.add(facts.symbols.indexOf("\n"));
    this.row = this._look();
  }

  /** Return one that goes on from here by itself. */
  copy() {
    const other = copied(this);
    [other.place, other._cache] = [copied(this.place), copied(this._cache)];
    return other;
  }

  add(id) {
    this._cache.add(id);
    this.place.add(this._facts.symbols[id]);
    this.row = this._look();
  }

  _look() {
    const { place, _cache: cache } = this;
    const at = place.text.length;
    const form = place.inBody ? [...this._left(), Math.min(place.bar, MOST_BARS), Math.min(place.part, MOST_PARTS)] : [0, 0, 0, 0];
    const now = place.inBody ? [Math.min(1 + at, 1 + MOST_SYMBOLS), place.degree] : [0, 0];
    const bars = place.inBody ? place.aligned : NONE;
    const copies = bars.map((bar) => (bar ? 1 + this._facts.symbols.indexOf(bar[at]) : 0));
    const matched = copies.map((copy) => (copy ? 1 + Math.min(at, MOST_MATCHED) : 0));
    copies.unshift(cache.recalled === null ? 0 : 1 + cache.recalled);
    matched.unshift(cache.recalled === null ? 0 : 1 + cache.length - cache.shortest);
    const agree = copies.map((copy) => (copy ? copies.filter((other) => other === copy).length - 1 : 0));
    return [...this._told, ...form, ...now, ...copies, ...matched, ...agree];
  }

  /** How many bars the part still has after this one, and parts the tune, both by what is told. */
  _left() {
    const { part, bar } = this.place;
    if (!this._form.length) return [0, 0];
    const parts = 2 + clamp(this._form.length - part, MOST_PARTS);
    return [parts > 1 ? 2 + clamp(this._form[part - 1] - bar, MOST_BARS) : 1, parts];
  }
}

function clamp(left, most) {
  return Math.max(Math.min(left, most), -1);
}

function copied(object) {
  return Object.assign(Object.create(Object.getPrototypeOf(object)), object);
}

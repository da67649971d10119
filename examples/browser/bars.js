// Turn the text of a bar into the length of its notes, and say whether a bar fits where it stands.
//
// This is not the grammar of abclm: it knows what most tunes of a model get wrong without one. Lengths are in ticks,
// WHOLE to a whole note, as in abclm/notation/timing.py.

export const WHOLE = 1024 * 315;
const NEAR = 1e-6; // ticks; more digits than a number has are cut off

const LENGTH = String.raw`(?:\d+(?:/+\d*)?|/+\d*)?`;
const NOTE = String.raw`[_=^]{0,3}[A-Ga-g][,']*${LENGTH}-?`;
const NUMBERS = String.raw`\d[\d,\-]*`;
const PIECES = {
  note: NOTE,
  space: " +",
  slurEnd: String.raw`\)`,
  tuplet: String.raw`\(\d+(?::\d*)?(?::\d*)?`,
  slur: String.raw`\.?\(`,
  broken: "[<>]+",
  rest: `[zxZX]${LENGTH}`,
  decoration: String.raw`![^\s!|\[\]]+!`,
  mark: String.raw`y\d*|[.H-Yh-w]`,
  tie: "-",
  text: '"[^"]*"',
  ending: String.raw`\[${NUMBERS}`,
  field: String.raw`\[[A-Za-z]:[^\[\]]*\]`,
  chord: String.raw`\[(?:[^\[\]|"]|"[^"\[\]]*")*\]${LENGTH}-?`,
  strange: "[^]",
};
const PIECE = new RegExp(Object.entries(PIECES).map(([name, pattern]) => `(?<${name}>${pattern})`).join("|"), "g");
const PARTS = new RegExp(String.raw`^(?<signs>[_=^]*)(?<pitch>[A-Ga-g][,']*)(?<length>[\d/]*)(?<tie>-?)$`);

/** The meter of an `M:` field: { length: of a bar in ticks, null for free bars; compound }; null for no meter. */
export function parseMeter(text) {
  const value = text.trim();
  if (["C", "c", "C|", "c|"].includes(value)) return { length: WHOLE, compound: false };
  if (["none", ""].includes(value.toLowerCase())) return { length: null, compound: false };
  const found = /^\(?(\d{1,3})\)?\s*\/\s*(\d{1,3})$/.exec(value);
  if (!found) return null;
  const [beats, unit] = [Number(found[1]), Number(found[2])];
  if (!(beats > 0 && [1, 2, 4, 8, 16, 32, 64].includes(unit))) return null;
  return { length: (WHOLE * beats) / unit, compound: beats % 3 === 0 && beats > 3 };
}

/** The ticks of an `L:` field; null for none. */
export function parseUnit(text) {
  const found = /^\s*1(?:\s*\/\s*(\d{1,3}))?\s*$/.exec(text);
  const unit = found && Number(found[1] ?? 1);
  return [1, 2, 4, 8, 16, 32, 64, 128].includes(unit) ? WHOLE / unit : null;
}

/** The ticks of a note without a number where the header has no `L:` field. */
export function usualUnit(meter) {
  return meter.length !== null && meter.length < 0.75 * WHOLE ? WHOLE / 16 : WHOLE / 8;
}

/** A written length such as `3/2`, as a number; NaN for one that is out of range. */
function parseLength(text) {
  const [, above, slashes, below] = /^(\d*)(\/*)(\d*)$/.exec(text);
  const length = Number(above || 1) / (below ? Number(below) : 2 ** slashes.length);
  return above.length < 5 && below.length < 5 && length > 0 && Number.isFinite(length) ? length : NaN;
}

/** Reads the pieces of one bar, one after the other. */
class Reading {
  constructor(meter, unit, tied) {
    Object.assign(this, { meter, unit, tied });
    this.wrong = false; // whether anything can't be played as it is written
    this.durations = [];
    this.broken = null; // the `>` or `<` before the next note
    this.inTuplet = null; // { left: notes still to come, share: what their lengths are multiplied by }
  }

  time(length) {
    if (Number.isNaN(length)) this.wrong = true;
    let duration = (Number.isNaN(length) ? 1 : length) * this.unit;
    if (this.inTuplet) {
      duration *= this.inTuplet.share;
      if (--this.inTuplet.left === 0) this.inTuplet = null;
    }
    this.durations.push(duration);
    if (this.broken) this.closeBroken();
  }

  closeBroken() {
    const [before, after] = this.durations.slice(-2);
    const half = 2 ** this.broken.length;
    const [long, short] = [(before * (2 * half - 1)) / half, before / half];
    if (Math.abs(before - after) > NEAR) this.wrong = true;
    else this.durations.splice(-2, 2, ...(this.broken[0] === ">" ? [long, short] : [short, long]));
    this.broken = null;
  }

  note(text) {
    const { signs, pitch, length, tie } = PARTS.exec(text).groups;
    if (!["", "^", "^^", "=", "_", "__"].includes(signs)) this.wrong = true;
    if (this.tied && this.tied !== pitch) this.wrong = true;
    this.tied = tie ? pitch : "";
    this.time(parseLength(length));
  }

  chord(text) {
    const [, inner, length] = /^\[(.*)\]([\d/]*)-?$/.exec(text);
    const first = inner.replace(/"[^"]*"|![^!]*!/g, "").match(new RegExp(NOTE));
    this.tied = "";
    if (first) this.time(parseLength(PARTS.exec(first[0]).groups.length) * parseLength(length));
    else this.wrong = true;
  }

  rest(text) {
    if (this.tied) this.wrong = true;
    this.tied = "";
    if ("zx".includes(text[0])) return this.time(parseLength(text.slice(1)));
    const bars = /^.\d{1,3}$/.test(text) ? Number(text.slice(1)) : 1;
    this.durations.push(bars * (this.meter.length ?? WHOLE));
  }

  tie() {
    this.wrong = true; // those that have a meaning belong to a note
  }

  tuplet(text) {
    const [p, q, r] = text.slice(1).split(":").map(Number);
    const usual = [3, 6].includes(p) ? 2 : [2, 4, 8].includes(p) ? 3 : this.meter.compound ? 3 : 2;
    const known = p > 0 && p < 65 && (q || (p > 1 && p < 10)) && !(q > 64) && !(r > 64);
    if (this.inTuplet || !known) this.wrong = true;
    else this.inTuplet = { left: r || p, share: (q || usual) / p };
  }

  sign(text) {
    if (this.broken || !this.durations.length || new Set(text).size > 1 || text.length > 3) this.wrong = true;
    else this.broken = text;
  }

  field(text) {
    const value = text.slice(3, -1);
    if (text[1] === "M") this.meter = parseMeter(value) ?? this.meter;
    if (text[1] === "L") this.unit = parseUnit(value) ?? this.unit;
  }
}

const READ = { note: "note", chord: "chord", rest: "rest", tie: "tie", tuplet: "tuplet", broken: "sign", field: "field" };
const NOTHING = ["space", "slur", "slurEnd", "decoration", "mark", "text", "ending"];

/**
 * Read a bar without its bar line.
 *
 * @param {string} text - such as `G2A Bcd`.
 * @param {{length: ?number, compound: boolean}} meter - see `parseMeter`.
 * @param {number} unit - the ticks of a note without a number.
 * @param {string} tied - the note before the bar that has a tie, such as `G`; "" for none.
 * @returns {{length: number, wrong: boolean, tied: string}} the ticks of its notes, whether it can't be played as it is
 *     written, and its last note if this has a tie.
 */
export function readBar(text, meter, unit, tied = "") {
  const reading = new Reading(meter, unit, tied);
  for (const { groups } of text.matchAll(PIECE)) {
    const [name, piece] = Object.entries(groups).find(([, found]) => found !== undefined);
    if (READ[name]) reading[READ[name]](piece);
    else if (!NOTHING.includes(name)) reading.wrong = true;
  }
  const length = reading.durations.reduce((sum, each) => sum + each, 0);
  return { length, wrong: reading.wrong || Boolean(reading.broken || reading.inTuplet), tied: reading.tied };
}

/**
 * Judges the bars of a tune, one after the other: their length, their repeats, and what `readBar` finds.
 *
 * A bar is full, but for a pick-up and for the last bar of a repeat, which together are a full bar.
 */
export class Bars {
  constructor() {
    this.begins = true; // whether the next bar is the first of its part
    this.owed = null; // ticks that this first bar has to have; null where it may be any pick-up
    this.pickup = 0;
    this.inRepeat = false; // since a `|:`
    this.inEnding = false; // the first of two
    this.tied = "";
  }

  copy() {
    return Object.assign(new Bars(), this);
  }

  /**
   * Take note of a bar and of the bar line after it, unless they don't fit.
   *
   * @param {string} text - of the bar; "" where the bar line stands before the first bar.
   * @param {string} line - such as `|`, `:|`, `|:`, `|1` or `:|2`.
   * @returns {boolean} whether they fit.
   */
  take(text, line, meter, unit) {
    const after = this.copy();
    if (!after._fits(text, line, meter, unit)) return false;
    Object.assign(this, after);
    return true;
  }

  _fits(text, line, meter, unit) {
    const { length, wrong, tied } = readBar(text, meter, unit, this.tied);
    const closes = line.includes(":|") || line.includes("::");
    const opens = line.includes("|:") || line.includes("::");
    const ends = closes || opens || line.includes("||") || line.includes("]");
    const ending = /[\d,]+/.exec(line)?.[0] ?? "";
    if (wrong || (this.inRepeat && ends && !closes)) return false;
    if (ending === "1" ? ends : ending ? ending !== "2" || !closes || !this.inEnding : ends && this.inEnding) return false;
    const full = meter.length;
    const isBar = length > 0;
    if (isBar && full !== null && !this._hasRightLength(length, full, ends, closes)) return false;
    if (isBar) {
      const isBeforeRepeat = this.begins && opens && !closes; // a pick-up that is not repeated
      this.owed = full === null ? null : isBeforeRepeat ? 0 : full - length;
      if (this.begins) this.pickup = length < full ? length : 0;
      this.begins = false;
      this.tied = tied;
    }
    if (ends && isBar) this.begins = !ending; // a second ending goes on in the part
    if (ends || ending) this.inEnding = ending === "1";
    if (ends) this.inRepeat = opens;
    return true;
  }

  _hasRightLength(length, full, ends, closes) {
    const is = (wanted) => Math.abs(length - wanted) < NEAR;
    if (this.begins) return this.owed === null ? length <= full + NEAR : is(this.owed > NEAR ? this.owed : full);
    return closes ? is(full - this.pickup) : is(full) || (ends && is(full - this.pickup));
  }
}

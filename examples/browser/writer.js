// Turn a model's step and a JSON file of facts into tunes, symbol by symbol.
//
// The step is what `LanguageModel.export` writes, and the facts are what make.py writes. `ort` is onnxruntime-web.

import { Bars } from "./bars.js";
import { Context } from "./context.js";

const MOST_REDRAWS = 200; // of bars of a tune; then they stay as they are
const MOST_FAILURES = 8; // of one bar; then the bar before it is drawn again, too
const MOST_TITLE = 60;

/** Something was asked for that can't be had; the message is for people. */
export class RequestError extends Error {}

/** Random numbers from 0 up to but not 1 (Marsaglia, "Xorshift RNGs", 2003): the same for a seed everywhere. */
class Random {
  constructor(seed) {
    this._state = (Math.imul(seed, 0x9e3779b1) ^ 0x5bd1e995) | 0 || 1;
    for (let turn = 0; turn < 8; turn++) this.next();
  }

  next() {
    let state = this._state;
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    this._state = state;
    return (state >>> 0) / 2 ** 32;
  }

  /** One of the names, as often as its count says. */
  choose(counts) {
    const names = Object.keys(counts);
    return names[this.index(Object.values(counts))];
  }

  /** A place in an array of weights, each as likely as its weight says. */
  index(weights) {
    let left = this.next() * weights.reduce((sum, each) => sum + each, 0);
    const found = weights.findIndex((each) => (left -= each) < 0);
    return found >= 0 ? found : weights.findLastIndex((each) => each > 0); // the sum was rounded
  }
}

/** A title in the symbols of the model: accents and what it has no symbol for are left out. */
export function titleText(text, symbols) {
  const plain = text.normalize("NFKD").replace(/[’‘]/g, "'");
  const title = [...plain].filter((each) => symbols.includes(each) && each !== "\n").join("").replace(/ +/g, " ").trim();
  if (!title) throw new RequestError("The title has no letter that the model knows; give one such as The Lost Badger.");
  if (title.length > MOST_TITLE) throw new RequestError(`The title has ${title.length} symbols; give at most ${MOST_TITLE}.`);
  if ("|:".includes(title[0])) throw new RequestError(`A title can't begin with ${title[0]}; leave it out.`);
  return title;
}

/** What the header may be, as lists of texts one after the other, of which the model chooses one each. */
function headerOf({ title, rhythm, key }, facts) {
  const first = `X:1\nT:${title}\n${rhythm && `R:${rhythm}\n`}M:`;
  return [
    [first],
    facts.meters[rhythm].map((meter) => `${meter}\nL:`),
    facts.unit_note_lengths.map((unit) => `${unit}\nK:${key}\n`),
  ];
}

/** One tune while it is written: what it has, and which symbols may come next. */
export class Draft {
  constructor(facts, told, header = [], redraws = MOST_REDRAWS) {
    this.text = "";
    this.ended = false;
    this.redraws = 0; // of bars
    this._most = redraws;
    this.kept = 0; // bars that don't fit, and stay
    this.context = new Context(facts, told);
    this._facts = facts;
    this._form = told.form;
    this._header = header;
    this._written = ""; // of the part of the header
    this._bars = new Bars();
    this._start = null; // where the current bar begins
    this._finished = null; // the bar before the current bar line
    this._failures = 0; // of the current bar
  }

  /** The symbols that may come next; null for any. */
  choices() {
    if (this._header.length) {
      const fitting = this._header[0].filter((each) => each.startsWith(this._written));
      return new Set(fitting.map((each) => each[this._written.length]));
    }
    const { place } = this.context;
    if (this._isLonger(place.part - 1) && !place.text) {
      return new Set({ ":": "|", ":|": "2\n" }[place.line] ?? "\n"); // all parts that were told, unless an ending follows
    }
    if (place.inside) return this._all("|\n");
    const line = this.text.slice(this.text.lastIndexOf("\n") + 1);
    if (!line) return this._all(this._mayEnd() ? " " : " \n"); // an empty line ends the tune
    return /^[A-Za-z]$/.test(line) ? this._all(":") : null; // which would be an information field
  }

  /** Whether so many whole parts, or so many bars of a part, are more than the form that was told. */
  _isLonger(parts, bars = 0) {
    const { length, [parts]: most } = this._form;
    return length > 0 && (parts >= length || bars > most);
  }

  /** Whether the tune may end here: after a bar line, and not in a repeat. */
  _mayEnd() {
    const { text, line, meter, unitTicks } = this.context.place;
    const bars = this._bars.copy();
    const fits = bars.take(this._finished?.text ?? "", line, meter, unitTicks);
    return this._start !== null && !text && !(fits && bars.inRepeat); // a bar that doesn't fit will be drawn again
  }

  _all(without) {
    return new Set(this._facts.symbols.filter((each) => !without.includes(each)));
  }

  /**
   * Write a symbol.
   *
   * @param {object} here - what to remember of the place before it.
   * @returns {?object} what was remembered of the place to draw again from; null to go on.
   */
  take(id, here) {
    const symbol = this._facts.symbols[id];
    const { place } = this.context;
    const before = { text: place.text, line: place.line, empty: this.text.endsWith("\n") };
    const start = { ...here, ...this._remember() };
    this.context.add(id);
    this.text += symbol;
    if (this._header.length) {
      this._takeHeader(symbol);
      return null;
    }
    this.ended = symbol === "\n" && before.empty;
    if (before.text && !place.text && "|:]".includes(symbol)) this._finished = { text: before.text, start: this._start };
    if (before.line && (!place.line || this.ended)) {
      const again = this._judge(before.line);
      if (again) return again;
    }
    if (!before.text && place.text) this._start = start;
    return null;
  }

  _takeHeader(symbol) {
    this._written += symbol;
    if (this._header[0].includes(this._written)) [this._header, this._written] = [this._header.slice(1), ""];
  }

  /** Judge the finished bar and the bar line after it; returns where to draw again from, or null. */
  _judge(line) {
    const { text, start } = this._finished ?? { text: "", start: null };
    const { part, bar, meter, unitTicks } = this.context.place;
    const goesOn = line === "|" && this._isLonger(part - 1, bar);
    this._finished = null;
    if ((!goesOn && this._bars.take(text, line, meter, unitTicks)) || !start) {
      this._failures = 0;
      return null;
    }
    if (this.redraws === this._most) {
      this.kept++;
      return null;
    }
    this.redraws++;
    this._failures++;
    const again = (this._failures % MOST_FAILURES === 0 && start.draft._start) || start;
    this.ended = false;
    Object.assign(this, again.draft, { context: again.draft.context.copy(), _bars: again.draft._bars.copy() });
    return again;
  }

  _remember() {
    const { text, context, _bars, _start, _finished } = this;
    return { draft: { text, context: context.copy(), _bars: _bars.copy(), _start, _finished } };
  }
}

/** Writes tunes with one model. */
export class Writer {
  /**
   * @param ort - onnxruntime-web.
   * @param session - its `InferenceSession` of the step.
   * @param {object} facts - the JSON file.
   */
  constructor(ort, session, facts) {
    Object.assign(this, { facts, _ort: ort, _session: session });
    this._state = session.inputMetadata.filter(({ name }) => !["id", "context"].includes(name));
  }

  /** Load `model.onnx` and `model.json`, which stand beside the page. */
  static async load(ort, folder = new URL(".", import.meta.url)) {
    const answers = await Promise.all(["model.onnx", "model.json"].map((name) => fetch(new URL(name, folder))));
    const failed = answers.find((each) => !each.ok);
    if (failed) throw new Error(`${failed.url} can't be read (${failed.status}); run make.py again`);
    const [model, facts] = await Promise.all([answers[0].arrayBuffer(), answers[1].json()]);
    const session = await ort.InferenceSession.create(new Uint8Array(model), { executionProviders: ["wasm"] });
    return new Writer(ort, session, facts);
  }

  /** The state before the first symbol. */
  begin() {
    const zeros = ({ name, shape }) => [name, new this._ort.Tensor("float32", new Float32Array(shape[1]), [1, shape[1]])];
    return Object.fromEntries(this._state.map(zeros));
  }

  /**
   * Read one symbol.
   *
   * @param state - as `begin` or the step before gave it.
   * @param {number} id - of the symbol.
   * @param {number[]} row - the context after it.
   * @returns {Promise<{logits: Float32Array, gate: Float32Array, state: object}>} the scores of what may come next: of the
   *     symbols, and of the network and each copy.
   */
  async step(state, id, row) {
    const integers = (values) => new this._ort.Tensor("int64", BigInt64Array.from(values, BigInt), [1, values.length]);
    const found = await this._session.run({ id: integers([id]).reshape([1]), context: integers(row), ...state });
    const next = Object.fromEntries(Object.keys(state).map((name) => [name, found[`next_${name}`]]));
    return { logits: found.logits.data, gate: found.gate.data, state: next };
  }

  /**
   * Write a tune.
   *
   * @param {object} asked - `title`; `rhythm` ("" for tunes without one) and `key`, which are drawn as often as the training
   *     tunes have them where they are undefined; `seed`, an integer from 0; `temperature`; `redraws`, how often bars are drawn again at most.
   * @param {function(string)} show - is given the text so far after each symbol; a bar that is drawn again goes away.
   * @param {AbortSignal} signal - ends the tune early.
   * @returns {Promise<{text: string, ended: boolean, redraws: number, kept: number}>} the tune, whether it ended by itself,
   *     how often a bar was drawn again, and how many bars that don't fit stay.
   */
  async write(asked, show = () => {}, signal = null) {
    const { facts } = this;
    const random = new Random(asked.seed);
    const told = this._told(asked, random);
    const header = headerOf({ ...told, title: titleText(asked.title, facts.symbols) }, facts);
    const draft = new Draft(facts, told, header, asked.redraws);
    let out = await this.step(this.begin(), facts.symbols.indexOf("\n"), draft.context.row);
    while (!draft.ended && draft.text.length < facts.max_length && !signal?.aborted) {
      const id = this._draw(out, draft, asked.temperature ?? facts.temperature, random);
      const again = draft.take(id, { out });
      show(draft.text);
      if (again) out = again.out;
      else if (!draft.ended) out = await this.step(out.state, id, draft.context.row);
    }
    return { text: `${draft.text.trimEnd()}\n`, ended: draft.ended, redraws: draft.redraws, kept: draft.kept };
  }

  /** What the model is told: what is asked for, and draws of the rest. */
  _told({ rhythm, key }, random) {
    const { keys, forms } = this.facts;
    const total = (counts) => Object.values(counts).reduce((sum, each) => sum + each, 0);
    rhythm ??= random.choose(Object.fromEntries(Object.entries(keys).map(([name, counts]) => [name, total(counts)])));
    if (!(rhythm in keys)) throw new RequestError(`The model knows no rhythm ${rhythm}.`);
    key ??= random.choose(keys[rhythm]);
    const form = Object.keys(forms[rhythm]).length ? random.choose(forms[rhythm]) : "";
    return { rhythm, key, form: form.split(" ").filter(Boolean).map(Number) };
  }

  /** Draw the next symbol: p = w₀ · softmax(logits / temperature) + Σ wₖ · [what copy k would write]. */
  _draw({ logits, gate }, draft, temperature, random) {
    const { facts } = this;
    const choices = draft.choices();
    const allowed = facts.symbols.map((symbol) => !choices || choices.has(symbol));
    const share = (scores, divisor, may = () => true) => {
      const highest = scores.reduce((most, each, at) => (may(at) ? Math.max(most, each) : most), -Infinity);
      return Array.from(scores, (each, at) => (may(at) ? Math.exp((each - highest) / divisor) : 0));
    };
    const chances = share(logits, temperature, (at) => allowed[at]);
    const sum = chances.reduce((total, each) => total + each, 0);
    const [network, ...copied] = share(gate, 1);
    const mixed = chances.map((each) => (each * network) / sum);
    const first = facts.columns.findIndex((name) => name.startsWith("copy/"));
    copied.forEach((weight, at) => {
      const id = draft.context.row[first + at] - 1;
      if (id >= 0 && allowed[id]) mixed[id] += weight;
    });
    return random.index(mixed);
  }
}

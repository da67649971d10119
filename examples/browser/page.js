// Turn the form of index.html into a tune on the page.

import * as ort from "./ort/ort.wasm.min.mjs";
import { RequestError, Writer } from "./writer.js";

const ANY = "*";
const find = (id) => document.getElementById(id);
const status = (text) => (find("status").textContent = text);
let stopping = null; // of the tune that is being written

// Threads need headers that a plain file server doesn't send, and one step is too short to gain by them.
ort.env.wasm.numThreads = 1;

function fillMenus({ keys }) {
  const together = {};
  for (const [rhythm, counts] of Object.entries(keys)) {
    find("rhythm").append(new Option(rhythm || "none", rhythm));
    for (const [key, count] of Object.entries(counts)) together[key] = (together[key] ?? 0) + count;
  }
  const usual = Object.keys(together).sort((one, other) => together[other] - together[one]);
  find("key").append(...usual.map((key) => new Option(key, key)));
}

/** What is chosen in a menu; undefined for "any". */
function chosen(id) {
  const { value } = find(id);
  return value === ANY ? undefined : value;
}

async function write(writer) {
  const given = find("seed").value;
  const seed = given === "" ? crypto.getRandomValues(new Uint32Array(1))[0] : Number(given);
  const asked = { title: find("title").value, rhythm: chosen("rhythm"), key: chosen("key"), seed };
  [find("write").disabled, find("stop").disabled, find("save").hidden] = [true, false, true];
  find("abc").textContent = "";
  status("Writing …");
  stopping = new AbortController();
  const begun = performance.now();
  let shown = begun;
  const show = (text) => {
    if (performance.now() - shown < 50) return; // milliseconds
    shown = performance.now();
    find("abc").textContent = text;
  };
  try {
    const tune = await writer.write(asked, show, stopping.signal);
    const seconds = (performance.now() - begun) / 1000;
    find("abc").textContent = tune.text;
    const rate = `${tune.text.length} characters in ${seconds.toFixed(1)} s, seed ${seed}`;
    status(tune.ended ? `${rate}.` : `Not finished: ${rate}. Try another seed.`);
    offer(tune.text, asked.title);
  } catch (error) {
    status(error instanceof RequestError ? error.message : `It failed: ${error.message}`);
  }
  [find("write").disabled, find("stop").disabled] = [false, true];
}

function offer(text, title) {
  const save = find("save");
  URL.revokeObjectURL(save.href);
  save.href = URL.createObjectURL(new Blob([text], { type: "text/vnd.abc" }));
  save.download = `${title.toLowerCase().replace(/[^a-z0-9]+/g, "-").replace(/^-|-$/g, "") || "tune"}.abc`;
  save.hidden = false;
}

try {
  const writer = await Writer.load(ort);
  fillMenus(writer.facts);
  find("wishes").addEventListener("submit", (event) => {
    event.preventDefault();
    write(writer);
  });
  find("stop").addEventListener("click", () => stopping?.abort());
  find("write").disabled = false;
  status("Ready.");
} catch (error) {
  status(`The model can't be loaded: ${error.message}`);
}

// Files that are opened or dropped on the page: ABC, MIDI, MusicXML.

import { ask, Refused } from "./api.js";
import { takeAll } from "./editor.js";
import { complain } from "./form.js";
import { at, begin, say, sayBusy } from "./state.js";
import { stop } from "./tune.js";

const MOST_BYTES = 180_000;

async function open(file) {
  const isLate = begin();
  complain("");
  stop();
  try {
    if (file.size > MOST_BYTES) throw new Refused(`${file.name} has ${file.size.toLocaleString()} bytes; a file here has at most ${MOST_BYTES.toLocaleString()}. abclm convert takes larger ones.`);
    say(`Reading ${file.name}.`, { seen: true });
    const bytes = new Uint8Array(await file.arrayBuffer());
    const content = btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
    const read = await (await ask("/api/read", { name: file.name.slice(-200), content }, { busy: sayBusy })).json();
    await takeAll(read.tunes, file.name, isLate);
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    complain(error.message);
  }
}

at("file").addEventListener("change", async () => {
  const [file] = at("file").files;
  if (file) await open(file);
  at("file").value = ""; // so that the same file can be opened again
});
document.addEventListener("dragover", (event) => {
  if (event.dataTransfer.types.includes("Files")) event.preventDefault();
});
document.addEventListener("drop", (event) => {
  const [file] = event.dataTransfer.files;
  if (!file) return;
  event.preventDefault();
  open(file);
});

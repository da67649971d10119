// Files: what is downloaded.

import { ask, Refused } from "./api.js";
import { performance } from "./player.js";
import { complainOfTune, now, say, sayBusy } from "./state.js";

// Gives the browser a response's content as a file; resolves to its name.
export async function save(response, otherName) {
  const name = /filename="([^"]+)"/.exec(response.headers.get("Content-Disposition"))?.[1];
  const link = document.createElement("a");
  link.href = URL.createObjectURL(await response.blob());
  link.download = decodeURIComponent(name || otherName);
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
  say(`Downloaded ${link.download}.`);
}

async function download(button) {
  const { format, sound, made } = button.dataset;
  button.disabled = true;
  try {
    const asked = { abc: now.tune.abc, format };
    if (sound !== undefined) Object.assign(asked, performance());
    if (made !== undefined && now.tune.made) asked.made = now.tune.made;
    say("Making the file.", { seen: true });
    await save(await ask("/api/convert", asked, { busy: sayBusy }), `tune.${format}`);
    complainOfTune();
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    say(error.message);
    complainOfTune(error.message);
  } finally {
    button.disabled = false;
    button.focus();
  }
}

for (const button of document.querySelectorAll("[data-format]")) button.addEventListener("click", () => download(button));

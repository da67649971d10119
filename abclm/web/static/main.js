// The page: what happens when it is opened, and what leads from one part of it to another.

import "./candidates.js";
import { form, refresh, showWishes, wishes } from "./form.js";
import { showInText, takeAll } from "./editor.js";
import { remembered } from "./link.js";
import { showShelf } from "./list.js";
import "./open.js";
import { playFrom } from "./player.js";
import { onNote } from "./sheet.js";
import { at, begin, narrow } from "./state.js";
import { reopen, showNothing, start, stop } from "./tune.js";

// Shows what the address asks for.
async function arrive() {
  const { tune, abc, asked } = remembered();
  if (tune) {
    await reopen(tune, { isRemembered: true });
  } else if (abc) {
    const isLate = begin();
    stop();
    await takeAll([abc], "a link", isLate).catch((error) => { if (!isLate()) at("problem").textContent = error.message; });
  } else if (asked) {
    showWishes(asked);
    at("keep").checked = asked.seed !== undefined;
    await start(asked);
  } else {
    begin();
    stop();
    showNothing();
    showShelf();
  }
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  start(wishes());
});
at("stop").addEventListener("click", () => {
  stop();
  at("write").focus();
});
at("another").addEventListener("click", () => {
  at("keep").checked = false;
  start(wishes());
});
document.querySelector(".skip").addEventListener("click", (event) => {
  event.preventDefault(); // the address says which tune it is
  at("tune").focus();
});
document.addEventListener("reopen", (event) => reopen(event.detail));
addEventListener("popstate", arrive);
onNote((place, name) => {
  showInText(place);
  playFrom(name);
});
at("more").open = !narrow.matches;
refresh();
arrive();

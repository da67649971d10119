// Several tunes for the same wishes, side by side, to choose from.

import { ask, askDrawing, Refused } from "./api.js";
import { complain, wishes } from "./form.js";
import { at, begin, facts, now, say, sayBusy, titleOf } from "./state.js";
import { stop, take } from "./tune.js";

const MANY = 3;
const WIDTH = 1000;

async function offer() {
  begin();
  stop();
  complain("");
  const mine = (now.writing = new AbortController());
  const asked = wishes();
  delete asked.seed;
  at("stop").hidden = false;
  at("write").disabled = at("several").disabled = true;
  at("candidates").hidden = false;
  at("choices").replaceChildren();
  say(`Writing ${MANY} tunes.`, { seen: true });
  at("candidates").scrollIntoView({ block: "start" });
  try {
    await Promise.all(Array.from({ length: MANY }, () => add(asked, mine.signal)));
    say(`${MANY} tunes to choose from.`);
  } catch (error) {
    mine.abort();
    if (error.name === "AbortError") say("Stopped.");
    else if (error instanceof Refused) complain(error.message);
    else throw error;
    at("candidates").hidden = at("choices").children.length === 0;
  } finally {
    at("several").disabled = false;
    if (now.writing === mine) stop();
  }
}

async function add(asked, signal) {
  const options = { signal, busy: sayBusy };
  const written = await (await ask("/api/generate", asked, options)).json();
  const card = document.createElement("li");
  const [name, more, score, choose] = ["h3", "p", "div", "button"].map((tag) => document.createElement(tag));
  name.textContent = titleOf(written);
  more.className = "facts";
  more.textContent = facts(written) + (written.overlap?.is_copy ? " · much of it is in a training tune" : "");
  score.className = "small";
  choose.type = "button";
  choose.textContent = "Take this one";
  choose.setAttribute("aria-label", `Take ${titleOf(written)}`);
  choose.addEventListener("click", () => {
    at("seed").value = written.seed;
    take({ ...written, written: written.abc, asked });
    at("tune").focus({ preventScroll: true });
  });
  card.append(name, more, score, choose);
  at("choices").append(card);
  const drawing = await askDrawing("/api/score", { abc: written.abc, width: WIDTH }, options);
  for (const each of drawing.querySelectorAll("[id^=n]")) if (/^n\d/.test(each.id)) each.removeAttribute("id");
  drawing.setAttribute("aria-hidden", "true");
  score.setAttribute("role", "img");
  score.setAttribute("aria-label", `Score of ${titleOf(written)}`);
  score.append(drawing);
}

at("several").addEventListener("click", offer);

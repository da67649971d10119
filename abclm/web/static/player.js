// The player: a tune's sound, its notes shown in the score while they sound, loops, tempo, count-in.

import { ask, Refused } from "./api.js";
import { at, calm, complainOfTune, now, say, sayBusy, titleOf } from "./state.js";

const audio = at("audio");
const button = at("play");

let loaded = ""; // for what the sound is: the tune and how it is played
let moments = []; // [start, end, name, bar] as they are heard
let beat = { seconds: 0.5, many: 4 };
let marked = null; // the element of the note that sounds
let loading = null; // the promise of what is being loaded
let counting = null; // the AudioContext of a count-in

// How the tune is played, as the API takes it.
export function performance() {
  return {
    ...(at("instrument").value && { instrument: at("instrument").value }),
    ...(at("chords").checked && { chords: true }),
  };
}

function wanted() {
  return JSON.stringify({ abc: now.tune?.abc, ...performance() });
}

// Stops, and forgets the sound.
export function silence() {
  stopCounting();
  audio.pause();
  if (audio.src.startsWith("blob:")) URL.revokeObjectURL(audio.src);
  audio.removeAttribute("src");
  audio.hidden = true;
  loaded = "";
  moments = [];
  mark(null);
  button.disabled = !now.tune;
  button.textContent = "Play";
}

// Has the sound made, unless it is there; the place and whether it plays stay as they are.
async function load() {
  const key = wanted();
  if (key === loaded) return;
  if (loading?.key === key) return loading.done;
  const done = fetchSound(key);
  loading = { key, done };
  try {
    await done;
  } finally {
    if (loading?.key === key) loading = null;
  }
}

async function fetchSound(key) {
  const body = JSON.parse(key);
  const [sound, followed] = await Promise.all([
    ask("/api/sound", body, { busy: sayBusy }).then((response) => response.blob()),
    ask("/api/follow", body, { busy: sayBusy }).then((response) => response.json()),
  ]);
  if (wanted() !== key) return;
  const { currentTime, paused } = audio;
  const had = loaded !== "";
  if (audio.src.startsWith("blob:")) URL.revokeObjectURL(audio.src);
  audio.src = URL.createObjectURL(sound);
  audio.setAttribute("aria-label", `Player of ${titleOf(now.tune)}`);
  audio.hidden = false;
  loaded = key;
  moments = followed.moments;
  beat = { seconds: followed.beat_seconds, many: followed.beats };
  listBars();
  setTempo();
  if (had && currentTime) audio.currentTime = currentTime;
  if (had && !paused) await audio.play();
}

async function toggle() {
  if (button.hasAttribute("aria-busy")) return;
  if (counting || !audio.paused) {
    stopCounting();
    audio.pause();
    return;
  }
  await play();
}

// Plays, from a time in seconds if one is given.
async function play(from) {
  button.setAttribute("aria-busy", "true"); // a disabled button would lose the focus
  if (wanted() !== loaded) button.textContent = "Loading…";
  const { abc } = now.tune;
  const isLate = () => now.tune?.abc !== abc;
  try {
    while (!isLate() && wanted() !== loaded) await load(); // again where another instrument was chosen meanwhile
    if (isLate()) return;
    complainOfTune();
    const [start, end] = loop();
    if (from !== undefined) audio.currentTime = from;
    else if (audio.ended || audio.currentTime < start - 0.01 || audio.currentTime >= end - 0.01) audio.currentTime = start;
    if (at("count-in").checked) await countIn();
    await audio.play();
  } catch (error) {
    if (error.name === "NotAllowedError" || error.name === "AbortError") return; // the browser wants a click first
    if (!(error instanceof Refused)) throw error;
    if (isLate()) return;
    say(error.message);
    complainOfTune(error.message);
  } finally {
    button.removeAttribute("aria-busy");
    if (audio.paused) button.textContent = "Play";
  }
}

// A bar of ticks, at the tempo of the tune as it is played.
async function countIn() {
  const context = (counting = new AudioContext());
  const seconds = beat.seconds / audio.playbackRate;
  for (let i = 0; i < beat.many; i++) {
    const tick = new OscillatorNode(context, { frequency: i ? 880 : 1320 });
    const gain = new GainNode(context, { gain: 0 });
    const start = context.currentTime + 0.05 + i * seconds;
    gain.gain.setValueAtTime(0.3, start);
    gain.gain.exponentialRampToValueAtTime(0.001, start + 0.06);
    tick.connect(gain).connect(context.destination);
    tick.start(start);
    tick.stop(start + 0.07);
  }
  button.removeAttribute("aria-busy");
  button.textContent = "Stop";
  await new Promise((resolve) => setTimeout(resolve, (0.05 + beat.many * seconds) * 1000));
  if (counting !== context) throw new DOMException("stopped", "AbortError");
  stopCounting();
}

function stopCounting() {
  counting?.close();
  counting = null;
}

function setTempo() {
  audio.playbackRate = Number(at("speed").value) / 100;
  at("speed-said").value = `${at("speed").value} %`;
}

// The bars to choose from, in the order in which they are first heard.
function listBars() {
  const bars = [...new Set(moments.map((moment) => moment[3]))];
  for (const id of ["from-bar", "to-bar"]) {
    const before = at(id).value;
    at(id).replaceChildren(...bars.map((bar) => new Option(bar, bar)));
    at(id).value = bars.includes(before) ? before : id === "from-bar" ? bars[0] : bars.at(-1);
  }
}

// The beginning and the end of what is played: the bars that were chosen, or all.
function loop() {
  if (moments.length === 0) return [0, Infinity];
  const first = moments.findIndex((moment) => moment[3] === at("from-bar").value);
  let last = moments.findIndex((moment, i) => i >= first && moment[3] === at("to-bar").value);
  if (last < 0) return [0, Infinity];
  while (moments[last + 1]?.[3] === at("to-bar").value) last++;
  // To the last bar, all repeats are played.
  const isWhole = first <= 0 && at("to-bar").selectedIndex === at("to-bar").options.length - 1;
  return isWhole ? [0, Infinity] : [moments[first][0], moments[last][1]];
}

function keepInLoop() {
  const [start, end] = loop();
  if (audio.paused || audio.currentTime < end - 0.02) return;
  if (at("loop").checked) audio.currentTime = start;
  else audio.pause();
}

function frame() {
  if (audio.paused) return;
  show();
  keepInLoop();
  requestAnimationFrame(frame);
}

// Marks the note that sounds now.
function show() {
  const time = audio.currentTime;
  let low = 0;
  let high = moments.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (moments[middle][0] <= time) low = middle + 1;
    else high = middle;
  }
  const moment = moments[low - 1];
  mark(moment && time < moment[1] ? elementOf(moment[2]) : null);
}

function elementOf(name) {
  const element = name && document.getElementById(name);
  return element ? element.closest(".chord") || element : null;
}

function mark(element) {
  if (element === marked) return;
  marked?.classList.remove("now");
  element?.classList.add("now");
  marked = element;
  if (!element) return;
  const box = element.getBoundingClientRect();
  if (box.top < 0 || box.bottom > innerHeight) element.scrollIntoView({ block: "center", behavior: calm.matches ? "auto" : "smooth" });
}

// Plays from a note of the score.
export async function playFrom(name) {
  await load().catch(() => {});
  const moment = moments.find((each) => each[2] === name);
  if (moment) await play(moment[0]);
}

async function playOtherwise() {
  if (!loaded) return;
  try {
    await load();
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    complainOfTune(error.message);
  }
}

audio.addEventListener("play", () => {
  button.textContent = "Pause";
  requestAnimationFrame(frame);
});
for (const event of ["pause", "ended"]) audio.addEventListener(event, () => { button.textContent = "Play"; });
audio.addEventListener("ended", () => {
  mark(null);
  if (at("loop").checked) play(); // from the loop's beginning
});
audio.addEventListener("seeked", show);
audio.addEventListener("timeupdate", keepInLoop); // also where the page is not seen
button.addEventListener("click", toggle);
at("speed").addEventListener("input", setTempo);
// The bars are there to be chosen before anything is played.
for (const [element, event] of [[at("practise"), "toggle"], [document, "shown"]]) {
  element.addEventListener(event, () => {
    if (at("practise").open && now.tune) load().catch((error) => { if (!(error instanceof Refused)) throw error; });
  });
}
at("instrument").addEventListener("change", playOtherwise);
at("chords").addEventListener("change", playOtherwise);

// Plays the tunes of the page: makes sound of their notes, and hands it to the browser's own player.
"use strict";

const SAMPLE_RATE_HZ = 22050;
const PEAK = 0.9;

// One note: a sum of harmonics that fade, under an envelope without corners. A timbre is what page.py wrote.
function playNote(timbre, pitch, seconds) {
  const frequency = 440 * 2 ** ((pitch - 69) / 12);
  const sound = new Float32Array(Math.ceil((seconds + timbre.release) * SAMPLE_RATE_HZ));
  const decay = timbre.decay * Math.sqrt(frequency / 440);
  const room = Math.max(1, Math.floor(SAMPLE_RATE_HZ / 2.2 / frequency));
  const amplitudes = timbre.harmonics.slice(0, room);
  const vibrato = frequency * (2 ** (timbre.vibrato / 1200) - 1) / 5.3;
  for (let i = 0; i < sound.length; i++) {
    const time = i / SAMPLE_RATE_HZ;
    const late = Math.min(1, Math.max(0, (time - 0.18) / 0.3));
    const phase = 2 * Math.PI * frequency * time + vibrato * late * Math.sin(2 * Math.PI * 5.3 * time);
    const rise = Math.min(1, time / timbre.attack);
    const fall = Math.min(1, Math.max(0, (seconds + timbre.release - time) / timbre.release));
    const fading = Math.exp(-decay * timbre.damping * time);
    let tone = 0;
    let kept = 1;
    for (let number = 1; number <= amplitudes.length; number++) {
      tone += amplitudes[number - 1] * kept * Math.sin(number * phase);
      kept *= fading;
    }
    const envelope = Math.sin(Math.PI / 2 * rise) ** 2 * Math.sin(Math.PI / 2 * fall) ** 2;
    sound[i] = tone * envelope * Math.exp(-decay * time) * timbre.gain;
  }
  return sound;
}

// All notes of a tune, each [start, seconds, pitch, loudness, timbre].
function playTune(notes, timbres) {
  const end = Math.max(...notes.map(([start, seconds]) => start + seconds)) + 0.5;
  const sound = new Float32Array(Math.ceil(end * SAMPLE_RATE_HZ));
  const made = new Map();
  for (const [start, seconds, pitch, loudness, timbre] of notes) {
    const name = [timbre, pitch, seconds].join();
    if (!made.has(name)) made.set(name, playNote(timbres[timbre], pitch, seconds));
    const first = Math.round(start * SAMPLE_RATE_HZ);
    made.get(name).forEach((value, i) => { sound[first + i] += value * loudness; });
  }
  const loudest = sound.reduce((most, value) => Math.max(most, Math.abs(value)), 1e-6);
  return sound.map((value) => value * PEAK / loudest);
}

// A WAV file of one channel with 16 bits.
function formatWav(sound) {
  const view = new DataView(new ArrayBuffer(44 + 2 * sound.length));
  const write = (at, text) => [...text].forEach((letter, i) => view.setUint8(at + i, letter.charCodeAt(0)));
  write(0, "RIFF");
  view.setUint32(4, 36 + 2 * sound.length, true);
  write(8, "WAVEfmt ");
  view.setUint32(16, 16, true);
  view.setUint16(20, 1, true);
  view.setUint16(22, 1, true);
  view.setUint32(24, SAMPLE_RATE_HZ, true);
  view.setUint32(28, 2 * SAMPLE_RATE_HZ, true);
  view.setUint16(32, 2, true);
  view.setUint16(34, 16, true);
  write(36, "data");
  view.setUint32(40, 2 * sound.length, true);
  sound.forEach((value, i) => view.setInt16(44 + 2 * i, Math.round(value * 32767), true));
  return new Blob([view], { type: "audio/wav" });
}

// Makes the sound with the timbres that the notes name, or with the one that was chosen; goes on where it was.
function prepare(player, timbres) {
  const audio = player.querySelector("audio");
  const chosen = player.querySelector(".timbre").value;
  const written = JSON.parse(player.querySelector("script").textContent);
  const notes = chosen ? written.map((note) => [...note.slice(0, 4), chosen]) : written;
  const { currentTime, paused } = audio;
  if (audio.src) URL.revokeObjectURL(audio.src);
  audio.src = URL.createObjectURL(formatWav(playTune(notes, timbres)));
  audio.currentTime = currentTime;
  audio.playbackRate = Number(player.querySelector(".speed").value);
  if (!paused) audio.play();
  audio.hidden = false;
  player.querySelector("button").hidden = true;
  for (const label of player.querySelectorAll("label")) label.hidden = false;
  return audio;
}

function start() {
  const timbres = JSON.parse(document.getElementById("timbres").textContent);
  const players = [...document.querySelectorAll(".player")];
  for (const player of players) {
    const button = player.querySelector("button");
    button.hidden = false;
    button.addEventListener("click", () => {
      const audio = prepare(player, timbres);
      audio.focus();
      audio.play();
    });
    const audio = player.querySelector("audio");
    player.querySelector(".timbre").addEventListener("change", () => prepare(player, timbres));
    player.querySelector(".loop").addEventListener("change", (event) => { audio.loop = event.target.checked; });
    player.querySelector(".speed").addEventListener("change", (event) => {
      audio.playbackRate = Number(event.target.value);
    });
    // One tune at a time.
    audio.addEventListener("play", () => {
      document.querySelectorAll("audio").forEach((other) => { if (other !== audio) other.pause(); });
    });
  }
  if (players.length === 1) prepare(players[0], timbres);
}

start();

"""Turn one note's frequency and length into sound: plucked, struck, blown, reed, bowed or chiming.

A note is a sum of harmonics, each with a loudness and a decay of its own, under one envelope. Decaying tones lose
their high harmonics first, as strings do; sustained ones have a slow attack, a little breath, and a vibrato that
comes late. Everything is a function of the time in the note, so a long note is made in blocks.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

SAMPLE_RATE_HZ = 44_100
_BLOCK = 1 << 17
_INAUDIBLE = 1e-4

Samples = NDArray[np.float32]
Times = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Timbre:
    """How an instrument's note sounds.

    Attributes:
        harmonics: how many, where there is room for them below half the sample rate.
        loudness: the amplitude of harmonic `number` at `frequency_hz` (its own), before levelling.
        attack_seconds: from silence to full loudness.
        release_seconds: from the end of the note to silence. Short, so that notes don't blur.
        ring_seconds: the same for the last note, which nothing follows.
        decay: of the fundamental, in nepers a second at 440 Hz; 0 for a tone that is kept up.
        damping: how much more of that each further harmonic decays.
        vibrato_cents: how far the pitch swings either way, once the note has lasted a while.
        detune_cents: how far apart two reeds of one note are; 0 for one.
        breath: how loud the noise of air or bow is, beside the tone.
        gain: its level among the other timbres.
    """

    harmonics: int
    loudness: Callable[[int, float], float]
    attack_seconds: float
    release_seconds: float
    ring_seconds: float = 0.15
    decay: float = 0.0
    damping: float = 0.0
    vibrato_cents: float = 0.0
    detune_cents: float = 0.0
    breath: float = 0.0
    gain: float = 1.0


def _string(place: float, slope: float) -> Callable[[int, float], float]:
    """A string plucked or struck at a part of its length: harmonics with a knot there are missing."""
    return lambda number, frequency_hz: (
        abs(float(np.sin(np.pi * number * place))) / number**slope / (1 + (frequency_hz / 2000) ** 2)
    )


def _listed(*amplitudes: float) -> Callable[[int, float], float]:
    return lambda number, frequency_hz: amplitudes[number - 1]


def _body(number: int, frequency_hz: float) -> float:
    """A bowed string heard through a violin's body, which answers at some frequencies more than at others."""
    peaks = ((290, 90, 0.8), (480, 140, 1.0), (1050, 350, 0.5), (2600, 800, 0.55))
    answer = 0.25 + sum(
        height * float(np.exp(-(((frequency_hz - centre) / width) ** 2))) for centre, width, height in peaks
    )
    return answer / number / (1 + (frequency_hz / 3000) ** 2)


_VIBRATO_HZ = 5.3
_VIBRATO_AFTER_SECONDS = 0.18

TIMBRES: dict[str, Timbre] = {
    "plucked": Timbre(
        harmonics=14, loudness=_string(0.22, 1.15), attack_seconds=0.003, release_seconds=0.05,
        ring_seconds=0.6, decay=1.5, damping=0.75,
    ),
    "struck": Timbre(
        harmonics=14, loudness=_string(0.13, 1.25), attack_seconds=0.004, release_seconds=0.05,
        ring_seconds=0.6, decay=1.1, damping=0.45,
    ),
    "chime": Timbre(
        harmonics=6, loudness=_listed(1, 0.1, 0.22, 0.03, 0.04, 0.01), attack_seconds=0.002,
        release_seconds=0.05, ring_seconds=0.6, decay=2.2, damping=0.9,
    ),
    "blown": Timbre(
        harmonics=7, loudness=_listed(1, 0.42, 0.2, 0.07, 0.035, 0.015, 0.007), attack_seconds=0.035,
        release_seconds=0.05, vibrato_cents=9, breath=0.045, gain=0.9,
    ),
    "reed": Timbre(
        harmonics=16, loudness=lambda number, frequency_hz: (1.0 if number % 2 else 0.75) / number**1.05,
        attack_seconds=0.022, release_seconds=0.05, detune_cents=3.5, gain=0.7,
    ),
    "bowed": Timbre(
        harmonics=18, loudness=_body, attack_seconds=0.045, release_seconds=0.05, vibrato_cents=11,
        breath=0.02, gain=0.8,
    ),
}  # fmt: skip


def play_note(
    timbre: Timbre,
    frequency_hz: float,
    seconds: float,
    *,
    rings: bool = False,
    cycles: Callable[[Times], Times] | None = None,
) -> Samples:
    """Make the sound of one note.

    Args:
        timbre: how it sounds.
        frequency_hz: of its fundamental.
        seconds: from its beginning to its end; the release comes after it.
        rings: whether it is the last note.
        cycles: how many cycles of the fundamental there have been at given times in seconds, where the note's
            pitch is bent; else `frequency_hz` times the time.

    Returns:
        Its samples, about 1 at the loudest, silent at both ends: shape (samples,).
    """
    release = timbre.ring_seconds if rings else timbre.release_seconds
    count = max(1, round((seconds + release) * SAMPLE_RATE_HZ))
    sound = np.zeros(count, np.float32)
    decay = timbre.decay * (frequency_hz / 440) ** 0.5
    for begin in range(0, count, _BLOCK):
        time = np.arange(begin, min(count, begin + _BLOCK)) / SAMPLE_RATE_HZ
        if decay and np.exp(-decay * time[0]) < _INAUDIBLE:
            break
        tone = np.zeros(len(time), np.float32)
        for turns in _turns(timbre, frequency_hz, time, cycles):
            tone += _harmonics(timbre, frequency_hz, turns, time, decay)
        if timbre.breath:
            tone += timbre.breath * _air(begin, len(time)) * (1 + 3 * np.exp(-time / 0.03))
        sound[begin : begin + len(time)] = tone * _envelope(timbre.attack_seconds, seconds, release, time)
    return sound


def _turns(
    timbre: Timbre, frequency_hz: float, time: Times, cycles: Callable[[Times], Times] | None
) -> Iterator[NDArray[np.complex64]]:
    """The fundamental as a turning pointer, once for each reed: shape (samples,), magnitude 1 in all."""
    phase = cycles(time) if cycles else frequency_hz * time
    if timbre.vibrato_cents:
        swing = frequency_hz * (2 ** (timbre.vibrato_cents / 1200) - 1) / (2 * np.pi * _VIBRATO_HZ)
        late = np.clip((time - _VIBRATO_AFTER_SECONDS) / 0.3, 0, 1)
        phase = phase + swing * late * np.sin(2 * np.pi * _VIBRATO_HZ * time)
    reeds = (-1, 1) if timbre.detune_cents else (0,)
    for side in reeds:
        off = 2 ** (side * timbre.detune_cents / 1200)
        yield (np.exp(2j * np.pi * (off * phase % 1)) / len(reeds)).astype(np.complex64)


def _harmonics(
    timbre: Timbre, frequency_hz: float, turns: NDArray[np.complex64], time: Times, decay: float
) -> Samples:
    """Add up the harmonics of one reed: shape (samples,)."""
    room = int(SAMPLE_RATE_HZ / 2.2 / frequency_hz)
    numbers = range(1, min(timbre.harmonics, max(1, room)) + 1)
    amplitudes = [timbre.loudness(number, number * frequency_hz) for number in numbers]
    # As loud as any other note of any other timbre.
    amplitudes = [each / float(np.linalg.norm(amplitudes)) for each in amplitudes]
    level = abs(turns[0])
    step = turns / level
    pointer = turns.copy()
    fading = np.exp(-decay * timbre.damping * time).astype(np.float32) if decay else None
    total = np.zeros(len(time), np.float32)
    for number, amplitude in zip(numbers, amplitudes, strict=True):
        # Phases that keep the harmonics from peaking all at once (Schroeder, 1970).
        phase = np.pi * number**2 / len(numbers)
        total += (np.complex64(amplitude * np.exp(1j * phase)) * pointer).imag
        pointer *= step
        if fading is not None:
            pointer *= fading
    if decay:
        total *= np.exp(-decay * time).astype(np.float32)
    return total


def _air(begin: int, count: int) -> Samples:
    """Noise without its highest part, the same at every call: shape (samples,)."""
    noise = np.random.default_rng(begin).standard_normal(count + 3, np.float32)
    return np.asarray((noise[:-3] + noise[1:-2] + noise[2:-1] + noise[3:]) / 2, np.float32)


def _envelope(attack: float, seconds: float, release: float, time: Times) -> Samples:
    """Rise and fall without a corner, so that nothing clicks: shape (samples,)."""
    rise = np.clip(time / attack, 0, 1)
    fall = np.clip((seconds + release - time) / release, 0, 1)
    smooth = np.sin(np.pi / 2 * rise) ** 2 * np.sin(np.pi / 2 * fall) ** 2
    return np.asarray(smooth, np.float32)

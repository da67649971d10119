"""Make MIDI files as other programs might write them."""

import io

import mido

from abclm.midi.file import MidiFile

TICKS = 480


def midi_bytes(*tracks, metas=(), ticks=TICKS):
    """The bytes of a MIDI file; a track is (name, channel, [(onset, duration, pitch, velocity)]) in quarter notes.

    `metas` are `(onset, type, {field: value})` of the first track.
    """
    file = mido.MidiFile(ticks_per_beat=ticks)
    first, now = mido.MidiTrack(), 0
    for onset, kind, fields in metas:
        first.append(mido.MetaMessage(kind, time=round(onset * ticks) - now, **fields))
        now = round(onset * ticks)
    file.tracks.append(first)
    for name, channel, notes in tracks:
        events = []
        for onset, duration, pitch, velocity in notes:
            begun, ended = round(onset * ticks), round((onset + duration) * ticks)
            on = mido.Message("note_on", channel=channel, note=pitch, velocity=velocity)
            off = mido.Message("note_off", channel=channel, note=pitch)
            # What begins follows what ends, and what has no length ends behind its beginning.
            events += [(begun, 1, on), (ended, 0 if ended > begun else 2, off)]
        track, now = mido.MidiTrack([mido.MetaMessage("track_name", name=name)]), 0
        for at, _, message in sorted(events, key=lambda event: event[:2]):
            message.time, now = at - now, at
            track.append(message)
        file.tracks.append(track)
    out = io.BytesIO()
    file.save(file=out)
    return out.getvalue()


def midi_file(*tracks, **options):
    """The same as a value."""
    return MidiFile.parse(midi_bytes(*tracks, **options))


def meter(onset, numerator, denominator):
    """A change of meter."""
    return onset, "time_signature", {"numerator": numerator, "denominator": denominator}


def key(onset, name):
    """A change of key."""
    return onset, "key_signature", {"key": name}


def line(pitches, length=0.5, start=0.0, velocity=80):
    """Notes of the same length, one after another, a little short."""
    return [(start + index * length, length * 0.9, pitch, velocity) for index, pitch in enumerate(pitches)]


def lasting(*notes, velocity=80):
    """Notes one after another, each `(duration, pitch)`; a rest has no pitch."""
    now, found = 0.0, []
    for duration, pitch in notes:
        if pitch:
            found.append((now, duration, pitch, velocity))
        now += duration
    return found

"""Let atheris look for text that breaks the notation: coverage-guided fuzzing, run by hand.

    pip install atheris
    python tests/fuzz/fuzz_notation.py -runs=1000000 -max_len=400

Any text at all must give a tune with problems or NotationError, within a time that grows with its length; a
canonical tune must stay as it is, sound as the tune does, and come
back the same when it is moved up and down again. Other options are libFuzzer's. What it finds becomes a test.
"""

import sys
import time

# Text of these pieces gets further into the code than bytes do.
PIECES = (
    "A B c d' E, ^F _B =c ^^G __A C2 D/ E3/2 F// G/4 z z2 x Z Z2 [CEG] [C2E]3 [A-c] [Ac]- A- B2- - > < >> <<< "
    "(3 (2 (5 (3:2:2 (4::3 (9:1:4 ( ) | || |] [| |: :| :: :|: |1 :|2 [1 [2 [1,2 [3 :|] ! [K:G] [K:Dm] [K:] "
    '[K:D^g] [M:3/4] [M:C|] [M:none] [M:x] [L:1/4] [L:1/16] [P:A] [P:B] [V:1] [V:2] "G7" "^x" "Am/C" {ag} ~ '
    "!trill! +trill+ +CE+ ` y $ 1 2 . u # s & * @ C0 C9999 c'''''''' [r:x] =3DA =20"
)
LINES = ("K:Em", "M:6/8", "L:1/8", "P:A", "P:B", "V:2", "%", "+:x", "x=", "\\")
ALL_PIECES = [*PIECES.split(), " ", "\n", *(f"\n{line}\n" for line in LINES)]
HEADERS = (
    "",
    "M:C|\n",
    "M:6/8\n",
    "M:3/4\nL:1/4\n",
    "P:ABA\n",
    "P:(AB)2A\nM:none\n",
    "T:t\nR:jig\n",
    "Z:id:dc-reel\n",
)
KEYS = ("C", "G", "Ddor", "Bb", "F#m", "HP", "D exp ^g", "A =c", "none", "Eb ^f", "?")
MOST_SECONDS = 2.0


def look_at(text: str) -> None:
    """Do with a text all that can be done with one, and make sure of what must hold."""
    from abclm.errors import NotationError
    from abclm.notation.fields import CANONICAL_SYMBOLS
    from abclm.notation.tunebook import check_tunebook, split_tunebook
    from abclm.tune import Tune

    begun = time.process_time()
    split_tunebook(text)
    check_tunebook(text)
    try:
        tune = Tune.parse(text)
        notes = tune.notes()
        tune.check()
        tune.bars()
        canonical = tune.normalize(chord_symbols=True)
    except NotationError:
        return
    finally:
        assert time.process_time() - begun < MOST_SECONDS, "it takes too long"
    assert set(canonical.text) <= CANONICAL_SYMBOLS
    assert canonical.normalize(chord_symbols=True) == canonical, "its canonical form has another"
    assert canonical.notes() == notes, "it sounds otherwise"
    try:
        back = canonical.transpose(3).transpose(-3)
    except NotationError:
        return
    assert back.notes() == canonical.notes(), "it is another when it comes back"


def test_one_input(data: bytes) -> None:
    """Make a text of the fuzzer's bytes: half the time as they are, else of pieces."""
    import atheris

    provider = atheris.FuzzedDataProvider(data)
    if provider.ConsumeBool():
        look_at(provider.ConsumeUnicodeNoSurrogates(2000))
        return
    header = f"X:1\n{provider.PickValueInList(list(HEADERS))}K:{provider.PickValueInList(list(KEYS))}\n"
    pieces = [provider.PickValueInList(ALL_PIECES) for _ in range(provider.ConsumeIntInRange(0, 60))]
    look_at(header + "".join(pieces) + provider.ConsumeUnicodeNoSurrogates(20) + "\n")


def main() -> None:
    import atheris

    with atheris.instrument_imports(include=["abclm"]):
        import abclm.notation.canonical.normalize
        import abclm.notation.check
        import abclm.notation.tunebook  # noqa: F401
    atheris.Setup(sys.argv, test_one_input)
    atheris.Fuzz()


if __name__ == "__main__":
    main()

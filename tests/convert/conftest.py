import pytest

TUNE = """X:7
T:Test
R:hornpipe
M:4/4
L:1/8
K:G
G2 B>d (3gfe d2|[GBd]4 z2 F-F|]
"""


@pytest.fixture
def tune():
    return TUNE


@pytest.fixture(autouse=True)
def _no_settings_of_the_machine(monkeypatch):
    for variable in ("ABCLM_ABC2MIDI", "ABCLM_SOUNDFONT"):
        monkeypatch.delenv(variable, raising=False)

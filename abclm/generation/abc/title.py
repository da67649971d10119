"""Turn titles as they are drawn into the one that a tune keeps: a title that names another dance is drawn again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from abclm.notation.fields import rhythms_in

if TYPE_CHECKING:
    from abclm.generation.draft import Snapshot

_MOST_REDRAWS = 16  # more than are needed where one title in ten names a dance


class Title:
    """The title of one tune, as often as it is drawn.

    Args:
        rhythm: of the tune.

    Attributes:
        start: where the title begins, while it may be drawn again.
    """

    __slots__ = ("_redraws", "_rhythm", "start")

    def __init__(self, rhythm: str) -> None:
        self._rhythm, self._redraws = rhythm, 0
        self.start: Snapshot | None = None

    def refuses(self, header: str) -> bool:
        """Whether a title is to be drawn again; else it is kept.

        Args:
            header: up to the end of the title, without its newline.
        """
        title = header.rpartition("T:")[2]
        if self._redraws < _MOST_REDRAWS and rhythms_in(title) - {self._rhythm}:
            self._redraws += 1
            return True
        self.start = None
        return False

"""Turn a model and what is asked of it into tunes, on NumPy alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from abclm.generation.options import GenerationOptions
    from abclm.generation.tunes import GeneratedTune, generate, stream

__all__ = ["GeneratedTune", "GenerationOptions", "generate", "stream"]


def __getattr__(name: str) -> Any:
    # The command line's help shows the options' defaults without waiting for NumPy.
    if name == "GenerationOptions":
        from abclm.generation.options import GenerationOptions

        return GenerationOptions
    if name in __all__:
        from abclm.generation import tunes

        return getattr(tunes, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

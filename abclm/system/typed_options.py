"""The options of the configs as typed keyword arguments of functions. Written by docs/option_tables.py."""

from typing import TypedDict


class GenerationKeywords(TypedDict, total=False):
    """Fields of `GenerationOptions`, which says more."""

    title: str | None  # the model's own by default
    key: str | None  # the model's own by default
    meter: str | None  # the model's own by default
    rhythm: str | None  # the model's own by default
    unit_note_length: str | None  # the model's own by default
    opening: str | None  # none by default
    parts: int | None  # as in a training tune by default
    bars: int | None  # as in a training tune by default
    any_form: bool  # default False
    plan: str | None  # none by default
    compass: str | None  # that of training tunes of the rhythm by default
    like: str | None  # none by default
    part: str | None  # none by default
    rewrite: str | None  # none by default
    rewrite_bars: str | None  # none by default
    n: int  # default 1
    seed: int | None  # random, printed to stderr by default
    temperature: float  # default 0.85
    top_k: int | None  # off by default
    top_p: float | None  # off by default
    min_p: float | None  # off by default
    typical_p: float | None  # off by default
    batch_size: int  # default 128
    best_of: int | None  # 4, or 8 for new bars by default
    bar_repetition: float  # default 1.0
    bar_redraws: int  # default 0
    ending_draws: int  # default 12
    max_length: int  # default 1500
    constrained: bool  # default True
    novel: bool  # default False
    attempts: int  # default 20


class TrainingKeywords(TypedDict, total=False):
    """Fields of `TrainingConfig`, which says more."""

    sequence_length: int  # default 400
    batch_size: int  # default 32
    optimizer: str  # default 'adam'
    learning_rate: float  # default 0.001
    schedule: str  # default 'constant'
    warmup_steps: int  # default 0
    epochs: int  # default 20
    steps: int | None  # off by default
    patience: int | None  # off by default
    clip_norm: float | None  # off by default
    embedding_dropout: float  # default 0.0
    output_dropout: float  # default 0.0
    recurrent_dropout: float  # default 0.0
    weight_decay: float  # default 0.0
    label_smoothing: float  # default 0.0
    averaging: float  # default 0.0
    whole_tunes: bool  # default False
    transposition: float  # default 0.0
    seed: int  # default 0
    forgetting: float | None  # off by default
    checkpoint_minutes: float  # default 10.0
    precision: str  # default 'auto'

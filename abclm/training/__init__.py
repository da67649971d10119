"""Turn a model and tunes into a model that predicts such tunes better, on one worker or many."""

from abclm.training.old_tunes import tunes_held_out_from as tunes_held_out_from
from abclm.training.progress import Progress as Progress
from abclm.training.run import as_start as as_start
from abclm.training.run import fine_tune as fine_tune
from abclm.training.run import train as train
from abclm.training.workers import find_workers as find_workers
from abclm.training_config import TrainingConfig as TrainingConfig

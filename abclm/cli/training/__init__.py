"""Turn `abclm train`, `fine-tune` and `sweep` into training runs that are shown while they last."""

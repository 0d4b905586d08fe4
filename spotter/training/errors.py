"""The error that ends a run."""


class TrainingError(RuntimeError):
    """Training cannot continue; the message is a sentence for the user."""

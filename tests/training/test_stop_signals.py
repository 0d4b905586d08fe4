"""Signals that ask a run to stop."""

import os
import signal
from dataclasses import replace

from spotter.training.stop_signals import catch_stop_signals
from spotter.training.trainer import Trainer


def test_signals_are_collected():
    with catch_stop_signals() as received:
        os.kill(os.getpid(), signal.SIGTERM)
        os.kill(os.getpid(), signal.SIGINT)
        assert received == [signal.SIGTERM, signal.SIGINT]


def test_signal_handlers_are_restored(config, folder):
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    Trainer(replace(config, steps=1), folder).run(progress=False)
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == before


def test_signalled_run_stops_after_the_step(config, folder):
    class Signalled(Trainer):
        def train_step(self, batch, report=None):
            super().train_step(batch, report)
            os.kill(os.getpid(), signal.SIGTERM)

    trainer = Signalled(config, folder)
    assert not trainer.run(progress=False)
    assert trainer.step == 1
    assert trainer.checkpoint.is_file()

"""What is running, said on a terminal once it takes long: in a loop that does not end, a student sees which cell it is.

Listens to what the stages log at INFO; what they log at DEBUG is for `GRADE_DEBUG=1`.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Self

PATIENCE = 10.0
"""Seconds."""


class Waiting(logging.Handler):
    """Reports a stage, while this is entered, that has been running for `patience` seconds without another one."""

    def __init__(self, tell: Callable[[str], None], patience: float = PATIENCE) -> None:
        super().__init__(logging.INFO)
        self._tell, self._patience = tell, patience
        self._timer: threading.Timer | None = None
        self._logger = logging.getLogger("grader")

    def emit(self, record: logging.LogRecord) -> None:
        """Wait for the stage that begins with this record."""
        if record.levelno != logging.INFO:
            return
        self._stop()
        self._timer = threading.Timer(self._patience, self._tell, [f"still running: {record.getMessage()}"])
        self._timer.daemon = True
        self._timer.start()

    def _stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()

    def __enter__(self) -> Self:
        if self._logger.getEffectiveLevel() > logging.INFO:
            self._logger.setLevel(logging.INFO)
            self._logger.addHandler(self)
        return self

    def __exit__(self, *_: object) -> None:
        self._stop()
        if self in self._logger.handlers:
            self._logger.removeHandler(self)
            self._logger.setLevel(logging.NOTSET)

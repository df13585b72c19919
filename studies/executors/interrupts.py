# studies/executors/interrupts.py
"""Interrupts that are collected, so that a run ends in good order and not wherever it happened to be."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


@contextmanager
def collected_interrupts() -> Iterator[list[int]]:
    """The list of SIGINT and SIGTERM received so far; the earlier handlers come back at the end."""
    received: list[int] = []

    def receive(signal_number: int, frame: FrameType | None) -> None:
        del frame
        received.append(signal_number)

    before = {number: signal.signal(number, receive) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield received
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)

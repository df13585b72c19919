# classical_baselines/data/decoding.py
"""FLAC and OGG, decoded in a watched process with a time and a memory cap.

One process serves file after file, so that thousands of clips stay quick. Where it dies or takes too long it is
killed, the file is refused, and the next file gets a new process.
"""

import atexit
import json
import os
import select
import subprocess
import sys
import threading
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from classical_baselines.data.audio_limits import AudioError, AudioLimits

WORKER_COMMAND = (sys.executable, "-m", "classical_baselines.data.decode_worker")
_ANSWER_LINE_BYTES = 64 * 1024
START_SECONDS = 60.0  # the first answer waits for the imports, on a loaded machine


class WatchedDecoder:
    """Owner of the decoding process; safe to share between threads and to inherit by a fork."""

    def __init__(self, command: tuple[str, ...] = WORKER_COMMAND, start_seconds: float = START_SECONDS) -> None:
        self._command = command
        self._start_seconds = start_seconds
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._worker_bytes = 0
        self._owner = 0  # the process id that started it
        self._is_warm = False

    def decode(self, path: Path, limits: AudioLimits) -> tuple[np.ndarray[Any, np.dtype[np.float32]], int]:
        """Mono samples and the sample rate of one file."""
        with self._lock:
            process = self._running(limits)
            seconds = limits.worker_seconds + (0.0 if self._is_warm else self._start_seconds)
            try:
                answer, payload = _exchange(process, path, limits, time.monotonic() + seconds)
            except _WorkerLostError as error:
                self._kill()
                raise AudioError(
                    f"{path}: the decoder {error} and was stopped. Write the file again as 16-bit PCM WAV, or leave "
                    f"it out."
                ) from None
            except BaseException:  # an interrupt leaves half an answer in the pipe
                self._kill()
                raise
            self._is_warm = True
        if "error" in answer:
            raise AudioError(answer["error"])
        samples = np.frombuffer(payload, dtype="<f4").astype(np.float32)
        return samples, int(answer["sample_rate_hz"])

    def close(self) -> None:
        """End the process; a later file starts another."""
        with self._lock:
            self._kill()

    def _running(self, limits: AudioLimits) -> "subprocess.Popen[bytes]":
        stale = self._owner != os.getpid() or self._worker_bytes != limits.worker_bytes
        if self._process is not None and (stale or self._process.poll() is not None):
            self._kill()
        if self._process is None:
            # The worker finds this package where this process found it.
            package_root = str(Path(__file__).resolve().parents[2])
            search_path = os.pathsep.join(filter(None, [package_root, os.environ.get("PYTHONPATH", "")]))
            one_thread = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
            self._process = subprocess.Popen(
                [*self._command, str(limits.worker_bytes)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env={**os.environ, **one_thread, "PYTHONPATH": search_path},
            )
            self._worker_bytes, self._owner, self._is_warm = limits.worker_bytes, os.getpid(), False
        return self._process

    def _kill(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        if self._owner == os.getpid():  # a forked child must not end its parent's worker
            process.kill()
            process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                try:
                    pipe.close()
                except OSError:
                    continue


class _WorkerLostError(Exception):
    """The worker died, hung or answered nonsense; the text completes "the decoder ..."."""


def _exchange(
    process: "subprocess.Popen[bytes]", path: Path, limits: AudioLimits, deadline: float
) -> tuple[dict[str, Any], bytes]:
    assert process.stdin is not None
    request = {"path": str(path.resolve()), "limits": asdict(limits)}
    try:
        process.stdin.write(json.dumps(request).encode() + b"\n")
        process.stdin.flush()
    except OSError:
        raise _WorkerLostError("died") from None
    received = bytearray()
    while b"\n" not in received:
        received += _receive(process, deadline)
        if len(received) > _ANSWER_LINE_BYTES and b"\n" not in received[:_ANSWER_LINE_BYTES]:
            raise _WorkerLostError("gave an answer that is none")
    line, _, payload = bytes(received).partition(b"\n")
    try:
        answer = json.loads(line)
        n_bytes = int(answer["n_bytes"])
    except (ValueError, KeyError, TypeError):
        raise _WorkerLostError("gave an answer that is none") from None
    if not 0 <= n_bytes <= 4 * limits.max_seconds * limits.max_sample_rate_hz:
        raise _WorkerLostError("gave more samples than the limits allow")
    parts = [payload]
    n_received = len(payload)
    while n_received < n_bytes:
        parts.append(_receive(process, deadline))
        n_received += len(parts[-1])
    if n_received != n_bytes:
        raise _WorkerLostError("gave more than it announced")
    return answer, b"".join(parts)


def _receive(process: "subprocess.Popen[bytes]", deadline: float) -> bytes:
    assert process.stdout is not None
    remaining = deadline - time.monotonic()
    ready, _, _ = select.select([process.stdout], [], [], max(0.0, remaining))
    if not ready:
        raise _WorkerLostError("took longer than its time limit")
    received = os.read(process.stdout.fileno(), 1 << 20)
    if not received:
        raise _WorkerLostError("died")
    return received


DECODER = WatchedDecoder()
atexit.register(DECODER.close)

# classical_baselines/data/audio_file.py
"""Read one sound file, whatever it is: WAV by our own bounded reader, FLAC and OGG in a watched worker process.

    samples   [sample]   float32 in [-1, 1]; several channels are mixed down to their mean

A hostile file can make a decoder hang or eat memory: the worker has a time limit per file and a cap on memory, and one
that dies or hangs is replaced. Whatever is wrong with a file is one `AudioFileError` that names it.
"""

import json
import queue
import subprocess
import sys
import threading
from pathlib import Path
from types import TracebackType

import numpy as np
from numpy.typing import NDArray

from classical_baselines.data.wav import AudioFileError, AudioLimits, read_wav

WORKER_SUFFIXES = (".flac", ".ogg")
SECONDS_PER_FILE = 20.0


class AudioReader:
    """Reads many files with one worker; use it as a context manager."""

    def __init__(self, limits: AudioLimits | None = None, seconds_per_file: float = SECONDS_PER_FILE) -> None:
        self.limits = limits or AudioLimits()
        self.seconds_per_file = seconds_per_file
        self._worker: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> "AudioReader":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the worker."""
        if self._worker is not None:
            self._worker.kill()
            self._worker.communicate()
            self._worker = None

    def read(self, path: Path) -> tuple[NDArray[np.float32], int]:
        """Samples [sample] and the rate in Hz; AudioFileError where the file cannot be read."""
        if not path.is_file():
            raise AudioFileError(f"{path}: there is no such file. Mend the manifest or copy the file.")
        suffix = path.suffix.lower()
        if suffix == ".wav":
            samples, rate_hz = read_wav(path, self.limits)
        elif suffix in WORKER_SUFFIXES:
            samples, rate_hz = self._decoded(path)
        else:
            raise AudioFileError(f"{path}: a {suffix or 'nameless'} file is not read. Convert it to WAV, FLAC or OGG.")
        return samples.mean(axis=1, dtype=np.float32) if samples.shape[1] > 1 else samples[:, 0], rate_hz

    def _decoded(self, path: Path) -> tuple[NDArray[np.float32], int]:
        size = path.stat().st_size
        if size > self.limits.n_bytes:
            raise AudioFileError(f"{path}: {size} bytes; at most {self.limits.n_bytes} are read. Cut the recording.")
        request = {
            "path": str(path),
            "n_samples_limit": int(self.limits.seconds * self.limits.highest_rate_hz),
            "n_channels_limit": self.limits.n_channels,
        }
        answers: queue.Queue[tuple[dict[str, object], bytes] | None] = queue.Queue()
        worker = self._running()
        watcher = threading.Thread(target=_ask, args=(worker, request, answers), daemon=True)
        watcher.start()
        try:
            answer = answers.get(timeout=self.seconds_per_file)
        except queue.Empty:
            self.close()
            raise AudioFileError(
                f"{path}: decoding took more than {self.seconds_per_file:.0f} s and was stopped. Convert it to WAV."
            ) from None
        if answer is None:
            self.close()
            raise AudioFileError(f"{path}: the decoder died on it (malformed, or too large). Convert it to WAV.")
        header, content = answer
        if "error" in header:
            raise AudioFileError(f"{path}: not readable ({header['error']}). Copy or convert the file again.")
        rate_hz, n_channels = int(str(header["rate_hz"])), int(str(header["n_channels"]))
        samples = np.frombuffer(content, dtype="<f4").reshape(-1, n_channels)
        if not self.limits.lowest_rate_hz <= rate_hz <= self.limits.highest_rate_hz:
            raise AudioFileError(f"{path}: a rate of {rate_hz} Hz is outside the limits. Resample it.")
        if len(samples) > self.limits.seconds * rate_hz:
            raise AudioFileError(f"{path}: longer than {self.limits.seconds:.0f} s. Cut it.")
        if not np.isfinite(samples).all():
            raise AudioFileError(f"{path}: holds NaN or infinite samples. Export it again as 16-bit PCM.")
        return samples, rate_hz

    def _running(self) -> subprocess.Popen[bytes]:
        if self._worker is None or self._worker.poll() is not None:
            self._worker = subprocess.Popen(
                [sys.executable, "-m", "classical_baselines.data.decode_worker"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
            )
        return self._worker


def _ask(
    worker: "subprocess.Popen[bytes]",
    request: dict[str, object],
    answers: "queue.Queue[tuple[dict[str, object], bytes] | None]",
) -> None:
    """Send one request and put its answer, or None where the worker died."""
    try:
        assert worker.stdin is not None and worker.stdout is not None
        worker.stdin.write(json.dumps(request).encode() + b"\n")
        worker.stdin.flush()
        header = json.loads(worker.stdout.readline())
        n_bytes = 0 if "error" in header else 4 * header["n_samples"] * header["n_channels"]
        content = worker.stdout.read(n_bytes)
        answers.put((header, content) if len(content) == n_bytes else None)
    except (OSError, ValueError):
        answers.put(None)


def read_audio(path: Path, limits: AudioLimits | None = None) -> tuple[NDArray[np.float32], int]:
    """Samples [sample] and the rate in Hz of a single file."""
    with AudioReader(limits) as reader:
        return reader.read(path)

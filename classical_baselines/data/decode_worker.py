# classical_baselines/data/decode_worker.py
"""The process that decodes FLAC and OGG: it may hang or die on a hostile file, and Trichord goes on.

Started as a module by `decoding.py`. One request per line on standard input, as JSON; the answer on standard output
is one line of JSON, followed by `n_bytes` bytes of little-endian float32 samples, mixed down to mono.
"""

import json
import math
import os
import resource
import signal
import sys
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import soundfile

from classical_baselines.data.audio_limits import AudioError, AudioLimits


def decode(path: str, limits: AudioLimits) -> tuple[np.ndarray[Any, np.dtype[np.float32]], int]:
    """Read one file within the limits: the header first, then at most as many samples as it announced."""
    try:
        with soundfile.SoundFile(path) as sound:
            limits.check_sound(path, sound.channels, sound.samplerate, sound.frames)
            samples = sound.read(frames=sound.frames, dtype="float32", always_2d=True)
            announced = sound.frames
            rate = int(sound.samplerate)
    except soundfile.LibsndfileError as error:
        raise AudioError(f"{path} cannot be decoded ({error.error_string}) Fetch it again, or leave it out.") from error
    if len(samples) != announced:
        raise AudioError(
            f"{path}: {announced} samples are announced and {len(samples)} are there. The file is cut off or damaged: "
            f"fetch it again, or leave it out."
        )
    mono = samples[:, 0] if samples.shape[1] == 1 else samples.mean(axis=1, dtype=np.float64)
    return limits.check_samples(path, mono), rate


def serve(requests: BinaryIO, answers: BinaryIO) -> None:
    """Answer requests until standard input ends."""
    for line in requests:
        request = json.loads(line)
        limits = AudioLimits(**request["limits"])
        signal.alarm(math.ceil(limits.worker_seconds) + 1)  # ends this process, even inside the library
        payload = b""
        try:
            samples, rate = decode(request["path"], limits)
            payload = samples.astype("<f4", copy=False).tobytes()
            answer: dict[str, Any] = {"sample_rate_hz": rate, "n_bytes": len(payload)}
        except AudioError as error:
            answer = {"error": str(error), "n_bytes": 0}
        except (MemoryError, RuntimeError, ValueError, TypeError, OSError) as error:
            mend = "Write it again as 16-bit PCM WAV, or leave it out."
            answer = {"error": f"{request['path']} cannot be decoded ({type(error).__name__}: {error}). {mend}"}
            answer["n_bytes"] = 0
        signal.alarm(0)
        answers.write(json.dumps(answer).encode() + b"\n" + payload)
        answers.flush()


def main() -> None:
    """Limit the address space, then serve."""
    worker_bytes = int(sys.argv[1])
    if sys.platform.startswith("linux"):  # elsewhere the limit is refused or ignored; the time limit still holds
        resource.setrlimit(resource.RLIMIT_AS, (worker_bytes, worker_bytes))
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a library prints must not get between the answers
    os.chdir(Path("/"))
    serve(sys.stdin.buffer, answers)


if __name__ == "__main__":
    main()

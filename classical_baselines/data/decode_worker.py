# classical_baselines/data/decode_worker.py
"""Decodes FLAC and OGG in a process of its own that may be killed: `python -m classical_baselines.data.decode_worker`.

A request is a line of JSON {path, n_samples_limit, n_channels_limit}; the answer is a line of JSON, either {error} or
{rate_hz, n_samples, n_channels} followed by the samples as little-endian float32 [sample, channel]. The header is
checked before a sample is decoded. Memory is capped by RLIMIT_AS where the system has it.
"""

import json
import sys

import numpy as np
import soundfile

MEMORY_BYTES = 4 * 2**30  # address space, libraries included


def cap_memory() -> None:
    """Let an allocation past the cap fail instead of filling the machine."""
    try:
        import resource
    except ImportError:  # not on this system; the file-size and length limits still hold
        return
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))


def answer(request: dict[str, object]) -> tuple[dict[str, object], bytes]:
    """The header and the samples of one request."""
    try:
        with soundfile.SoundFile(str(request["path"])) as file:
            if file.frames <= 0:
                return {"error": "holds no sample (zero length)"}, b""
            if file.frames > int(str(request["n_samples_limit"])):
                return {"error": f"{file.frames} samples are too many"}, b""
            if file.channels > int(str(request["n_channels_limit"])):
                return {"error": f"{file.channels} channels are too many"}, b""
            samples = file.read(frames=file.frames, dtype="float32", always_2d=True)
            rate_hz = file.samplerate
    except (RuntimeError, OSError, ValueError, MemoryError) as error:
        return {"error": f"{type(error).__name__}: {error}".splitlines()[0]}, b""
    if not len(samples):
        return {"error": "holds no sample (zero length)"}, b""
    header: dict[str, object] = {"rate_hz": rate_hz, "n_samples": len(samples), "n_channels": samples.shape[1]}
    return header, np.ascontiguousarray(samples, dtype="<f4").tobytes()


def main() -> None:
    """Answer requests until the input is closed."""
    cap_memory()
    for line in sys.stdin.buffer:
        header, samples = answer(json.loads(line))
        sys.stdout.buffer.write(json.dumps(header).encode() + b"\n" + samples)
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()

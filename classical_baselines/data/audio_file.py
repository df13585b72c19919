# classical_baselines/data/audio_file.py
"""A sound file in, mono float32 samples and their rate out: WAV by our own reader, FLAC and OGG in a watched process.

    samples   [sample]   float32; -1 to 1 for integer files

The kind of file is read from its first bytes, not from its name. Integers of b bits are divided by 2^(b-1), so 16-bit
samples are int16 / 32768; several channels are mixed down by their mean. A file beyond the limits, cut off, empty,
or with NaN among its samples is refused with an `AudioError`, an `InputError`, that names the file and the mend.
"""

from pathlib import Path
from typing import Any

import numpy as np

from classical_baselines.data.audio_limits import AudioError, AudioLimits
from classical_baselines.data.decoding import DECODER
from classical_baselines.data.wav import read_wav

SUFFIXES = (".wav", ".flac", ".ogg")


def read_audio(path: Path, limits: AudioLimits | None = None) -> tuple[np.ndarray[Any, np.dtype[np.float32]], int]:
    """Mono samples [sample] and the sample rate in hertz of one WAV, FLAC or OGG file."""
    limits = limits or AudioLimits()
    path = Path(path)
    if not path.is_file():
        raise AudioError(f"{path} is not there, or is no plain file. Check the name, or leave it out.")
    try:
        limits.check_file(str(path), path.stat().st_size)
        with path.open("rb") as file:
            magic = file.read(4)
            if magic == b"RIFF":
                # A file that grows meanwhile is still read no further than the limit.
                return read_wav(magic + file.read(limits.max_file_bytes), str(path), limits)
    except OSError as error:
        raise AudioError(f"{path} cannot be read ({error.strerror}). Check its permissions.") from error
    if magic in (b"fLaC", b"OggS"):
        return DECODER.decode(path, limits)
    raise AudioError(f"{path} is no WAV, FLAC or OGG file (it begins with {magic!r}). Convert it to WAV or FLAC first.")

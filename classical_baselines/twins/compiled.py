# classical_baselines/twins/compiled.py
"""A C twin, compiled by the compiler of this machine and run over clips.

The compiler is `$CC`, or the first of cc, gcc and clang. Every warning is an error.
"""

import os
import shlex
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from classical_baselines.harness.choices import InputError

WARNINGS = ("-std=c99", "-pedantic", "-Wall", "-Wextra", "-Wconversion", "-Wshadow", "-Werror")
SANITISERS = ("-g", "-fsanitize=undefined,address", "-fno-sanitize-recover=all")
COMPILERS = ("cc", "gcc", "clang")
LONGEST_SECONDS = 3600

EVERY_CLIP = """\
#include <stdio.h>

#include "network.h"

int main(void)
{
    static float real[TRICHORD_N_INPUTS];
    static uint8_t input[TRICHORD_N_INPUTS];
    while (fread(real, sizeof real, 1, stdin) == 1) {
        int32_t answer[TRICHORD_N_CLASSES + 1];
        for (int i = 0; i < TRICHORD_N_INPUTS; i++)
            input[i] = trichord_quantised(real[i]);
        answer[TRICHORD_N_CLASSES] = trichord_classify(input, answer);
        if (fwrite(input, sizeof input, 1, stdout) != 1 || fwrite(answer, sizeof answer, 1, stdout) != 1)
            return 1;
    }
    return ferror(stdin) != 0;
}
"""

EVERY_FRAME = """\
#include <stdio.h>

#include "stream.h"

int main(void)
{
    static float real[TRICHORD_FRAME_INPUTS];
    static uint8_t frame[TRICHORD_FRAME_INPUTS];
    static trichord_stream stream;
    trichord_start(&stream);
    while (fread(real, sizeof real, 1, stdin) == 1) {
        int32_t answer[TRICHORD_N_CLASSES + 1];
        for (int i = 0; i < TRICHORD_FRAME_INPUTS; i++)
            frame[i] = trichord_quantised(real[i]);
        trichord_frame(&stream, frame);
        answer[TRICHORD_N_CLASSES] = trichord_decide(&stream, answer);
        if (fwrite(frame, sizeof frame, 1, stdout) != 1 || fwrite(answer, sizeof answer, 1, stdout) != 1)
            return 1;
        if (stream.n_frames == TRICHORD_N_FRAMES)
            trichord_start(&stream);
    }
    return ferror(stdin) != 0;
}
"""


@dataclass(frozen=True)
class Compiler:
    """A C compiler of this machine."""

    command: tuple[str, ...]
    version: str  # its first line


@dataclass(frozen=True, eq=False)
class Answers:
    """What a C twin makes of clips: their quantised inputs, integer logits and classes."""

    inputs: NDArray[np.uint8]  # [clip, input]
    logits: NDArray[np.int32]  # [clip, class]
    classes: NDArray[np.int32]  # [clip]


def c_compiler() -> Compiler:
    """The compiler of this machine; InputError, with how to get one, where there is none."""
    named = os.environ.get("CC", "").strip()
    found = shlex.split(named) if named else [next((name for name in COMPILERS if shutil.which(name)), "")]
    if not found[0] or shutil.which(found[0]) is None:
        what = f"CC={named}, which is no command here" if named else f"no C compiler ({', '.join(COMPILERS)}) is there"
        raise InputError(
            f"The C header is compiled and run before it is kept, and {what}. Install one (Debian and Ubuntu: `apt-get "
            "install gcc libc6-dev`; macOS: `xcode-select --install`), or make the other twin alone with --format onnx."
        )
    said = subprocess.run([*found, "--version"], capture_output=True, text=True, timeout=60, check=False)
    return Compiler(tuple(found), (said.stdout.splitlines() or [found[0]])[0].strip())


def answers_of(header: str, encoded: NDArray[np.float32], n_classes: int, *flags: str) -> Answers:
    """What the header's network says of clips [clip, ...] of real values; the compiler is given `flags` too."""
    return _answers({"network.h": header, "every.c": EVERY_CLIP}, encoded.reshape(len(encoded), -1), n_classes, *flags)


def stream_answers_of(header: str, encoded: NDArray[np.float32], n_classes: int, *flags: str) -> Answers:
    """What a streaming header says after every frame of clips [clip, channel, frame]: arrays [clip, frame, ...]."""
    n_clips, n_channels, n_frames = encoded.shape
    frames = np.moveaxis(encoded, 1, 2).reshape(-1, n_channels)
    found = _answers({"stream.h": header, "every.c": EVERY_FRAME}, frames, n_classes, *flags)
    by_clip = (n_clips, n_frames)
    return Answers(
        found.inputs.reshape(*by_clip, -1), found.logits.reshape(*by_clip, -1), found.classes.reshape(by_clip)
    )


def _answers(files: dict[str, str], rows: NDArray[np.float32], n_classes: int, *flags: str) -> Answers:
    """A row of real values in, its quantised inputs, logits and class out."""
    with tempfile.TemporaryDirectory(prefix="trichord-twin-") as folder:
        program = compiled(files, "every.c", Path(folder), *flags)
        content = np.ascontiguousarray(rows, dtype=np.float32).tobytes()
        ran = subprocess.run([program], input=content, capture_output=True, timeout=LONGEST_SECONDS, check=False)
    if ran.returncode != 0:
        raise RuntimeError(f"the compiled network ended with {ran.returncode}: {ran.stderr.decode(errors='replace')}")
    row = np.dtype([("input", np.uint8, (rows.shape[1],)), ("logits", np.int32, (n_classes,)), ("class", np.int32)])
    found = np.frombuffer(ran.stdout, dtype=row)
    if len(found) != len(rows):
        raise RuntimeError(f"the compiled network answered {len(found)} of {len(rows)} inputs")
    return Answers(found["input"], found["logits"], found["class"])


def compiled(files: dict[str, str], source: str, folder: Path, *flags: str) -> Path:
    """Write the files into the folder and compile `source` there; the program."""
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    program = folder / Path(source).stem
    _run([*c_compiler().command, "-O2", *WARNINGS, *flags, source, "-o", program.name], folder)
    return program


def object_bytes(header: str) -> int | None:
    """Code and constants of `trichord_classify` as compiled here for small size; None where `size` is not there."""
    if shutil.which("size") is None:
        return None
    entry = (
        "int classify(const uint8_t *input, int32_t *logits);\nint classify(const uint8_t *input, int32_t *logits)\n"
    )
    text = f'#include "network.h"\n{entry}{{\n    return trichord_classify(input, logits);\n}}\n'
    with tempfile.TemporaryDirectory(prefix="trichord-twin-") as folder:
        place = Path(folder)
        (place / "network.h").write_text(header, encoding="utf-8")
        (place / "classify.c").write_text(text, encoding="utf-8")
        _run(
            [
                *c_compiler().command,
                "-Os",
                "-std=c99",
                "-fno-pic",
                "-fno-asynchronous-unwind-tables",
                "-c",
                "classify.c",
            ],
            place,
        )
        listed = subprocess.run(
            ["size", "classify.o"], cwd=place, capture_output=True, text=True, timeout=60, check=False
        )
    rows = [line.split() for line in listed.stdout.splitlines()]
    return int(rows[1][0]) + int(rows[1][1]) if listed.returncode == 0 and len(rows) > 1 else None


def _run(command: Sequence[str], folder: Path) -> None:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=LONGEST_SECONDS, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"{shlex.join(command)} failed: {done.stderr.strip()[-2000:]}")


def vectors_pass(header: str, tests: str, main: str) -> bool:
    """Whether the example program finds the integers of its test vectors."""
    files = {"network.h": header, "test_vectors.h": tests, "main.c": main}
    with tempfile.TemporaryDirectory(prefix="trichord-twin-") as folder:
        program = compiled(files, "main.c", Path(folder))
        return subprocess.run([program], capture_output=True, timeout=LONGEST_SECONDS, check=False).returncode == 0

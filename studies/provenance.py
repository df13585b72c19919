# studies/provenance.py
"""Where a cell comes from: revision, versions, machine class, seeds, times. Stored with every cell, and never its key.

No host name, no user name and no absolute path: a published cell says what it was computed on, not where.
"""

import os
import platform
import resource
import subprocess
import sys
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any

from studies.plugins import plugins

PACKAGES = (
    *("trichord", "torch", "numpy", "scipy", "scikit-learn", "numba", "snntorch", "lava-nc", "qiskit", "qiskit-aer"),
    *("soundfile", "pydantic", "safetensors"),
)
THREAD_VARIABLES = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS")
SHOWN_DIGITS = 16  # of a module's hash: enough to tell which module differs; the cell's key holds them all
SOURCE = Path(__file__).parent.parent


def provenance(code: Mapping[str, str], seed: int, content_hash: str, command: Sequence[str]) -> dict[str, Any]:
    """What is known before the cell runs; `measured` adds what is known after it."""
    return {
        "git": git_state(),
        "versions": versions(),
        "python": platform.python_version(),
        "machine": {**machine(), "gpus": gpus()},
        "threads": {name: os.environ.get(name) for name in THREAD_VARIABLES} | {"torch": torch_threads()},
        "seed": seed,
        "data_content_hash": content_hash,
        "coefficients_hash": coefficients_hash(),
        "code_modules": {module: digest[:SHOWN_DIGITS] for module, digest in code.items()},
        "command": [without_paths(word) for word in command],
    }


def measured(started_utc: str, wall_seconds: float) -> dict[str, Any]:
    """Time and memory of the cell's process."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return {
        "started_utc": started_utc,
        "wall_seconds": wall_seconds,
        "peak_rss_bytes": peak * (1 if sys.platform == "darwin" else 1024),
    }


def without_paths(word: str) -> str:
    """A word of a command line; of a path only its last part stays.

    >>> without_paths("--store=/home/somebody/stores/fsdd"), without_paths("quickstart"), without_paths("x=1/2")
    ('--store=fsdd', 'quickstart', 'x=1/2')
    """
    option, equals, value = word.rpartition("=")
    is_path = value.startswith(("/", "~", "./", "../")) or (len(value) > 2 and value[1:3] in {":\\", ":/"})
    return f"{option}{equals}{Path(value.replace(chr(92), '/')).name}" if is_path else word


@cache
def git_state() -> dict[str, Any]:
    """Revision of the source checkout, and whether files differ from it; nulls outside a checkout."""
    try:
        if not (SOURCE / ".git").exists():
            return {"revision": None, "dirty": None}
        git = ["git", "--no-optional-locks", "-C", str(SOURCE)]  # a cell that is killed leaves no lock behind
        revision = subprocess.run([*git, "rev-parse", "HEAD"], capture_output=True, text=True, check=True, timeout=10)
        status = subprocess.run([*git, "status", "--porcelain"], capture_output=True, text=True, check=True, timeout=10)
    except (OSError, subprocess.SubprocessError):
        return {"revision": None, "dirty": None}
    return {"revision": revision.stdout.strip(), "dirty": bool(status.stdout.strip())}


@cache
def versions() -> dict[str, str | None]:
    """Installed version of every package that a result depends on; None where it is absent."""
    found: dict[str, str | None] = {}
    for name in PACKAGES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            found[name] = None
    return found | {one.distribution: one.version for one in plugins()}


@cache
def machine() -> dict[str, Any]:
    """The class of machine, as far as it can be told without naming the machine."""
    return {
        "cpu": cpu_model(),
        "n_cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "architecture": platform.machine(),
        "system": platform.system(),
        "kernel": platform.release(),
        "memory_bytes": memory_bytes(),
    }


def memory_bytes() -> int | None:
    """Of the machine; None where the system does not say."""
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):
        return None


def gpus() -> list[str]:
    """The names of the GPUs that this process has used; it asks no driver for one that it has not."""
    torch = sys.modules.get("torch")
    if torch is None or not torch.cuda.is_initialized():
        return []
    return [torch.cuda.get_device_name(number) for number in range(torch.cuda.device_count())]


def torch_threads() -> int | None:
    """Threads that torch computes with; None where it is not loaded."""
    torch = sys.modules.get("torch")
    return None if torch is None else int(torch.get_num_threads())


def cpu_model() -> str:
    """The processor's name as the system gives it."""
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or "unknown"


@cache
def coefficients_hash() -> str:
    """SHA-256 over the price tables as they stood when the cell ran; prices are applied later, to the counts."""
    import hashlib

    folder = SOURCE / "classical_baselines" / "harness" / "coefficients"
    digest = hashlib.sha256()
    for path in sorted(folder.glob("*.toml")):
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()

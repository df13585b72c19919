# studies/commands/doctor.py
"""`trichord doctor`: what works on this machine. What is missing is said with its reason; nothing is guessed."""

import json
import os
import platform
import subprocess
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from classical_baselines.harness.choices import InputError

if TYPE_CHECKING:
    from classical_baselines.harness.energy import Unavailable
    from classical_baselines.harness.measurement import SelfTest

LAVA = "import neuro.loihi.lava_worker"


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at."""

    what: str
    works: bool
    details: str
    needed: bool = False  # the suite cannot run a catalogue study without it


def doctor(data_root: Path | None, as_json: bool) -> int:
    """Print the findings; 1 where something needed does not work."""
    findings = [_guarded(look) for look in (_python, _torch, _gpu, _lava, _aer, _ray, _rapl, _nvml)]
    findings.append(_data(data_root))
    if as_json:
        print(json.dumps([asdict(finding) for finding in findings]))
    else:
        width = max(len(finding.what) for finding in findings)
        for finding in findings:
            mark = "ok     " if finding.works else "MISSING" if finding.needed else "none   "
            print(f"{mark}  {finding.what:{width}}  {finding.details}")
    return 1 if any(finding.needed and not finding.works for finding in findings) else 0


def _guarded(look: Callable[[], Finding]) -> Finding:
    try:
        return look()
    except Exception as error:  # a broken installation is what is looked for
        name = look.__name__.strip("_")
        return Finding(name, False, f"{type(error).__name__}: {error}".splitlines()[0], needed=name in {"torch", "aer"})


def _python() -> Finding:
    from studies.provenance import machine, versions

    absent = [name for name, version in versions().items() if version is None]
    details = f"{platform.python_version()} on {machine()['cpu']}, {machine()['n_cores']} cores"
    if absent:
        details += f"; not installed: {', '.join(absent)}"
    return Finding("python", sys.version_info >= (3, 11), details, needed=True)


def _torch() -> Finding:
    import torch

    return Finding("torch", True, f"{torch.__version__}, {torch.get_num_threads()} threads", needed=True)


def _gpu() -> Finding:
    import torch

    if not torch.cuda.is_available():
        return Finding("gpu", False, "torch sees no CUDA device")
    return Finding("gpu", True, ", ".join(torch.cuda.get_device_name(i) for i in range(torch.cuda.device_count())))


def _lava() -> Finding:
    """In a process of its own: Lava changes what it touches, and the backend runs it the same way."""
    tried = subprocess.run(
        [sys.executable, "-c", LAVA], capture_output=True, text=True, timeout=120, check=False, stdin=subprocess.DEVNULL
    )
    if tried.returncode == 0:
        from importlib.metadata import version

        return Finding("lava", True, f"lava-nc {version('lava-nc')}")
    reason = tried.stderr.strip().splitlines()[-1] if tried.stderr.strip() else f"status {tried.returncode}"
    return Finding("lava", False, f"{reason}; `make demo` installs it")


def _aer() -> Finding:
    from qiskit_aer import AerSimulator, __version__

    return Finding("aer", True, f"{__version__} on {', '.join(AerSimulator().available_devices())}", needed=True)


def _ray() -> Finding:
    """Installed or not: starting it would take ten seconds."""
    from importlib.metadata import PackageNotFoundError, version

    try:
        found = version("ray")
    except PackageNotFoundError:
        return Finding("ray", False, "not installed; `pip install 'trichord[cluster]'` for --executor ray")
    address = os.environ.get("RAY_ADDRESS")
    return Finding("ray", True, f"{found}; --executor ray {f'joins {address}' if address else 'starts it here'}")


def _rapl() -> Finding:
    from classical_baselines.harness.energy import Unavailable
    from classical_baselines.harness.measurement import self_test
    from classical_baselines.harness.meters import find_rapl

    meter = find_rapl()
    return meter_finding("rapl", meter if isinstance(meter, Unavailable) else self_test(meter, _spin))


def _nvml() -> Finding:
    import torch

    from classical_baselines.harness.energy import Unavailable
    from classical_baselines.harness.measurement import self_test
    from classical_baselines.harness.meters import cuda_meter, find_nvml

    meter = cuda_meter() if torch.cuda.is_available() else find_nvml()
    if not isinstance(meter, Unavailable) and not torch.cuda.is_available():
        meter = Unavailable("torch sees no GPU that could be kept busy")
    return meter_finding("nvml", meter if isinstance(meter, Unavailable) else self_test(meter, _work_on_gpu))


def meter_finding(name: str, tested: "SelfTest | Unavailable") -> Finding:
    """What is said of a meter; one that does not tell a busy machine from an idle one is not trusted."""
    from classical_baselines.harness.energy import Unavailable

    if isinstance(tested, Unavailable):
        return Finding(name, False, f"not available: {tested.reason}")
    apart = f"{tested.sigmas:.1f} standard deviations apart"
    powers = f"idle {tested.idle_watts:.3g} W, busy {tested.busy_watts:.3g} W"
    if not tested.passed:
        return Finding(name, False, f"not usable: {powers}, {apart}, where 3 are needed: does anything else run here?")
    period = f"{1000 * tested.period_seconds:.3g} ms"
    return Finding(name, True, f"{tested.covers}; an update every {period}; {powers}, {apart}")


def _spin() -> None:
    """A millisecond or so of one core."""
    sum(range(50_000))


def _work_on_gpu() -> None:
    """Until it is done."""
    import torch

    numbers = torch.ones(2048, 2048, device="cuda")
    numbers.mm(numbers)
    torch.cuda.synchronize()


def _data(data_root: Path | None) -> Finding:
    from classical_baselines.data.catalogue import data_set_folder, resolve_data_root
    from classical_baselines.data.sets import DATA_SETS

    try:
        root = resolve_data_root(data_root)
    except InputError as error:
        return Finding("data", False, str(error))
    if root is None:
        return Finding("data", False, "no data root: name it with --data-root or TRICHORD_DATA; `synthetic` needs none")
    found = []
    for name in DATA_SETS:
        try:
            data_set_folder(name, root)
        except (InputError, IndexError):
            continue
        found.append(name)
    return Finding("data", bool(found), f"{root}: {', '.join(found) or 'none of the data sets'}")

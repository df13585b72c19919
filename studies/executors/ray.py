# studies/executors/ray.py
"""Run cells on Ray: on this machine, or on the cluster that RAY_ADDRESS names.

A Ray task holds a cell's cores (and its share of a GPU) and runs the cell as `inline` does: in a process of its own,
under the same limits, with the same second try. What Ray adds is the other machines, and that a cell whose worker or
node dies is run again elsewhere, up to twice.

On this machine, Ray is started for the run and ended with it. Its sockets are bound to the loopback address alone, it
asks for a token that is drawn for the run, reports to nobody, and keeps its files in a folder that goes with it.
On a cluster, every node must see the store, the data and the working folder under the same paths, and hold the same
code; each is checked where a cell is about to run, and a cell that finds one wanting fails and says which.
"""

import logging
import os
import secrets
import shutil
import signal
import tempfile
import time
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from types import FrameType
from typing import Any

import psutil

from classical_baselines.harness.choices import InputError
from studies.code_version import module_hash
from studies.executors import inline
from studies.executors.cell_process import Ending, cell_environment, ending_of, warm_up
from studies.executors.contract import Execution, Listener, Options
from studies.executors.interrupts import collected_interrupts
from studies.worker import Task

N_RETRIES = 2  # of a task whose worker or node died
N_STARTS = 3  # tries to start Ray here
OBJECT_STORE_BYTES = 100_000_000  # nothing but tasks and endings goes through it
QUEUED_PER_RUNNING = 2  # tasks given to a cluster per place, so that no place waits for the driver
WAIT_SECONDS = 0.2  # between two looks at interrupts
VISIBILITY_SECONDS = 30.0  # a network file system may show a new folder late
LONGEST_TEMPORARY_FOLDER = 40  # characters: Ray puts Unix sockets below it, whose paths end at 107
LOOPBACK = ("127.0.0.1", "::1")
# Ray asks cloud services where it runs even with its reports switched off; a closed port of this machine answers.
NOWHERE = "http://127.0.0.1:9"
LOCAL_SETTINGS = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_AUTH_MODE": "token",
    "RAY_worker_niceness": "0",  # as inline: a cell gives way to nothing that runs beside it
    "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",  # on Linux too: the node is at the loopback address, and binds there
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",  # a cell without a share of a GPU sees what it sees inline
    **dict.fromkeys(("http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"), NOWHERE),
    **dict.fromkeys(("no_proxy", "NO_PROXY"), "127.0.0.1,localhost,::1"),
}
CLUSTER_SETTINGS = {"RAY_USAGE_STATS_ENABLED": "0", "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0"}
TOKEN_VARIABLES = ("RAY_AUTH_TOKEN", "RAY_AUTH_TOKEN_PATH")


def execute(tasks: Sequence[Task], options: Options, listener: Listener) -> Execution:
    """Run the tasks on Ray."""
    execution = Execution()
    if not tasks:
        return execution
    try:
        with _ending_at_once(), _cluster(options, tasks[0].study.threads_per_cell) as cluster:
            _submit_all(cluster, tasks, listener, execution)
    except KeyboardInterrupt:
        execution.interrupted = True
    return execution


def _submit_all(cluster: "_Cluster", tasks: Sequence[Task], listener: Listener, execution: Execution) -> None:
    ray = cluster.ray
    run = ray.remote(
        num_cpus=cluster.threads_per_cell,
        num_gpus=cluster.gpus_per_cell,
        max_calls=1 if cluster.gpus_per_cell else 0,  # a worker sees the GPUs that it was started with
        max_retries=N_RETRIES,
        retry_exceptions=False,
    )(run_on_node)
    environment, folder = _environment_of(tasks[0]), str(Path.cwd())
    waiting: deque[Task] = deque(tasks)
    running: dict[Any, Task] = {}
    listener.began(cluster.n_places(), cluster.start_seconds)

    def tell(task: Task, ending: Ending) -> None:
        finished = ending.of(task)
        execution.finished.append(finished)
        listener.finished(finished)

    with collected_interrupts() as interrupts:
        while waiting or running:
            if interrupts:
                execution.interrupted = True
                for reference in running:
                    with suppress(Exception):  # one that has ended meanwhile, or whose node is gone
                        ray.cancel(reference, force=True)
                return
            width = cluster.n_jobs or max(1, cluster.n_places()) * QUEUED_PER_RUNNING
            while waiting and len(running) < width:
                task = waiting.popleft()
                if task.is_committed():  # by another driver on this store, since the plan was made
                    tell(task, Ending(True, 0.0))
                else:
                    running[run.remote(task, environment, folder)] = task
            ended = ray.wait(list(running), timeout=WAIT_SECONDS)[0] if running else []
            for reference in ended:
                task = running.pop(reference)
                tell(task, _ending(ray, reference, task))


def _ending(ray: Any, reference: Any, task: Task) -> Ending:
    """What a Ray task gave back, or why it gave nothing."""
    try:
        ending: Ending = ray.get(reference)
    except ray.exceptions.RayTaskError as error:
        reason = f"the worker failed before the cell ran: {one_line(error.cause or error)}"
        return _failed(task, reason)
    except ray.exceptions.RayError as error:
        reason = f"its worker or node died {N_RETRIES + 1} times, the last time: {one_line(error)}"
        return _failed(task, reason)
    if ending.ok and not _visible(task):
        return _failed(
            task,
            f"a node says that the cell is committed, but {task.store.path} does not hold it here: the store must be "
            "one folder that all nodes share",
        )
    return ending


def _failed(task: Task, reason: str) -> Ending:
    task.store.record_attempt(task.keys[0], asdict(task.cell.cell), reason, "")
    return Ending(False, 0.0, reason)


def _visible(task: Task) -> bool:
    until = time.monotonic() + VISIBILITY_SECONDS
    while not task.is_committed():
        if time.monotonic() > until:
            return False
        time.sleep(0.2)
    return True


def run_on_node(task: Task, environment: Mapping[str, str], folder: str) -> Ending:
    """The Ray task: run the cell to its end in a process of its own, on whichever node this is."""
    os.environ.update(environment)
    try:
        os.chdir(folder)
    except OSError:
        return Ending(False, 0.0, f"this node has no folder {folder}: start Ray's nodes where that folder is shared")
    if not (task.store.path / "store.json").is_file():
        return Ending(False, 0.0, f"this node sees no store at {task.store.path}: it must lie in a folder of all nodes")
    differing = sorted(name for name, digest in task.code_modules.items() if _hash_here(name) != digest)
    if differing:
        return Ending(False, 0.0, f"this node holds other code than the driver: {', '.join(differing[:3])} differ")
    warm_up({}, task.pipeline)
    return ending_of(task)


def _hash_here(module: str) -> str | None:
    try:
        return module_hash(module)
    except (AssertionError, OSError):  # no such module on this node
        return None


def _environment_of(task: Task) -> dict[str, str]:
    """The variables that a cell's process needs, for a node that was started without them."""
    ours = {name: value for name, value in os.environ.items() if name.startswith("TRICHORD_")}
    return ours | cell_environment(task.study)


@dataclass(frozen=True)
class _Cluster:
    """Ray, started or joined."""

    ray: Any
    start_seconds: float
    threads_per_cell: int
    gpus_per_cell: float
    n_jobs: int | None  # cells side by side, where a number was asked for

    def n_places(self) -> int:
        """Cells that run side by side on the nodes there are now."""
        if self.n_jobs:
            return self.n_jobs
        places = 0
        for node in self.ray.nodes():
            if node["Alive"]:
                of_node = node["Resources"].get("CPU", 0) // self.threads_per_cell
                if self.gpus_per_cell:
                    of_node = min(of_node, node["Resources"].get("GPU", 0) / self.gpus_per_cell)
                places += int(of_node)
        return places


@contextmanager
def _cluster(options: Options, threads_per_cell: int) -> Iterator[_Cluster]:
    """Ray while the context lasts: the cluster of RAY_ADDRESS, or one that is started here and ends with it."""
    address = os.environ.get("RAY_ADDRESS", "local")
    before = dict(os.environ)
    begun = time.monotonic()
    temporary: Path | None = None
    ray: Any = None
    try:
        if address == "local":
            temporary = Path(tempfile.mkdtemp(prefix="trichord-", dir=_short_temporary_folder()))
            os.environ.update(LOCAL_SETTINGS | {"RAY_AUTH_TOKEN": secrets.token_hex(32)})
            ray = _import_ray()
            n_jobs: int | None = options.n_jobs or inline.jobs_of_cores(threads_per_cell)
            _start(ray, (n_jobs or 1) * threads_per_cell, temporary)
        else:
            os.environ.update(CLUSTER_SETTINGS)
            if any(name in os.environ for name in TOKEN_VARIABLES):
                os.environ.setdefault("RAY_AUTH_MODE", "token")
            ray = _import_ray()
            n_jobs = options.n_jobs
            _join(ray, address)
        seconds = time.monotonic() - begun
        cluster = _Cluster(ray, seconds, threads_per_cell, options.gpus_per_cell, n_jobs)
        _refuse_what_cannot_run(cluster)
        yield cluster
    finally:
        if ray is not None:
            ray.shutdown()
        os.environ.clear()
        os.environ.update(before)
        if temporary is not None:
            shutil.rmtree(temporary, ignore_errors=True)


def _start(ray: Any, n_cpus: int, temporary: Path) -> None:
    """Start Ray on this machine, within the loopback address."""
    ours = psutil.Process()
    before = set(ours.children())
    for n_try in range(1, N_STARTS + 1):
        try:
            ray.init(
                address="local",
                num_cpus=n_cpus,
                include_dashboard=False,
                object_store_memory=OBJECT_STORE_BYTES,
                log_to_driver=False,
                logging_level=logging.ERROR,
                _temp_dir=str(temporary),
            )
            break
        except Exception as error:  # Ray gives up after 30 seconds, which a busy machine may need, and leaves a part
            for one in set(ours.children()) - before:
                with suppress(psutil.NoSuchProcess):
                    one.kill()
            psutil.wait_procs(set(ours.children()) - before, timeout=5)
            if n_try == N_STARTS:
                raise InputError(
                    f"Ray did not start here, in {N_STARTS} tries: {one_line(error)} Is the machine too busy, or its "
                    "memory full? `--executor inline` needs no Ray."
                ) from error
    where = ray.util.get_node_ip_address()
    if where not in LOOPBACK:
        raise InputError(
            f"Ray has bound its ports to {where} and not to the loopback address: it was imported before the settings "
            "were made. Start the run in a process of its own, with `trichord run`."
        )


def _join(ray: Any, address: str) -> None:
    """Join the cluster at `address`."""
    if "://" in address:
        raise InputError(
            f"RAY_ADDRESS is {address}: Ray's client protocol is not supported. Run on a node of the cluster, with "
            "RAY_ADDRESS=auto or the HOST:PORT that `ray start` printed."
        )
    try:
        ray.init(address=address, log_to_driver=False, logging_level=logging.ERROR)
    except (ConnectionError, RuntimeError, ValueError, OSError, ray.exceptions.RayError) as error:
        raise InputError(
            f"RAY_ADDRESS is {address}, and no cluster takes us there ({one_line(error)}). Is this a node of it? A "
            "cluster with tokens needs RAY_AUTH_MODE=token and RAY_AUTH_TOKEN or RAY_AUTH_TOKEN_PATH."
        ) from error


def _refuse_what_cannot_run(cluster: _Cluster) -> None:
    """A cell that no node can hold would wait for ever."""
    nodes = [node["Resources"] for node in cluster.ray.nodes() if node["Alive"]]
    cores = max((node.get("CPU", 0) for node in nodes), default=0)
    if cores < cluster.threads_per_cell:
        raise InputError(
            f"threads_per_cell is {cluster.threads_per_cell}, and the largest node has {cores:g} cores. "
            "Lower it with --set, or join a cluster with a larger node."
        )
    gpus = max((node.get("GPU", 0) for node in nodes), default=0)
    if cluster.gpus_per_cell > gpus:
        raise InputError(
            f"--gpus-per-cell {cluster.gpus_per_cell:g}: the node with the most visible CUDA devices has {gpus:g}. "
            "Leave it out, or let Ray see a GPU (CUDA_VISIBLE_DEVICES)."
        )


def _import_ray() -> Any:
    try:
        import ray
    except ImportError as error:
        raise InputError(
            f"--executor ray: Ray cannot be imported ({error}). Install it with `pip install 'trichord[cluster]'`, or "
            "leave --executor out: inline needs nothing more."
        ) from None
    return ray


def _short_temporary_folder() -> str:
    usual = tempfile.gettempdir()
    return usual if len(usual) <= LONGEST_TEMPORARY_FOLDER else "/tmp"


@contextmanager
def _ending_at_once() -> Iterator[None]:
    """While Ray starts and ends, SIGTERM is a KeyboardInterrupt too."""

    def interrupt(signal_number: int, frame: FrameType | None) -> None:
        del signal_number, frame
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def one_line(error: BaseException) -> str:
    """The first line of an error's text, or its kind."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[0] if lines else type(error).__name__

# studies/bench/__init__.py
"""Our kernels beside their peers, by name; an entry imports its file when it is called and gives its rows."""

from collections.abc import Callable, Iterable, Iterator, Mapping

from studies.bench.timing import BenchRow


def _log_mel() -> list[BenchRow]:
    from studies.bench.log_mel import bench

    return bench()


def _loihi() -> list[BenchRow]:
    from studies.bench.loihi import bench

    return bench()


def _quantum() -> Iterator[BenchRow]:
    from studies.bench.quantum import bench

    return bench()


def _int8() -> list[BenchRow]:
    from studies.bench.int8 import bench

    return bench()


def _energy_draws() -> list[BenchRow]:
    from studies.bench.energy_draws import bench

    return bench()


def _large_store() -> list[BenchRow]:
    from studies.bench.large_store import bench

    return bench()


def _large_set() -> list[BenchRow]:
    from studies.bench.large_set import bench

    return bench()


def _harness() -> list[BenchRow]:
    from studies.bench.harness import bench

    return bench()


def _classical() -> list[BenchRow]:
    from studies.bench.classical import bench

    return bench()


def _neuro() -> Iterator[BenchRow]:
    from studies.bench.neuro import bench

    return bench()


def _gpu() -> Iterator[BenchRow]:
    from studies.bench.gpu import bench

    return bench()


BENCHES: Mapping[str, Callable[[], Iterable[BenchRow]]] = {
    "classical": _classical,
    "log-mel": _log_mel,
    "loihi": _loihi,
    "neuro": _neuro,
    "quantum": _quantum,
    "gpu": _gpu,
    "int8": _int8,
    "large-set": _large_set,
    "large-store": _large_store,
    "energy-draws": _energy_draws,
    "harness": _harness,
}

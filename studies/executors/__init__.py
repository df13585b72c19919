# studies/executors/__init__.py
"""Where cells are run, by name; an entry imports its file when it is called, so Ray is loaded by who asks for it."""

from collections.abc import Callable, Mapping

from studies.executors.contract import Executor


def _inline() -> Executor:
    from studies.executors.inline import execute

    return execute


def _ray() -> Executor:
    from studies.executors.ray import execute

    return execute


EXECUTORS: Mapping[str, Callable[[], Executor]] = {"inline": _inline, "ray": _ray}

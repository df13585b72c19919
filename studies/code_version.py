# studies/code_version.py
"""The version of the code that makes a cell: a hash over our own modules that it imports, and over nothing else.

From `studies.pipeline`, and from the modules in which the data set and the system's front end, encoder, classifier and
backends are defined, the imports are followed through the four packages, without importing anything. A registry (an
`__init__` whose functions import its entries) is not hashed: a new entry changes no other system's cells. Nor is what
only reads a study file. Comments, docstrings and layout do not count: what is hashed is the syntax tree, in a form that
is the same on every Python from 3.11 on.

Where a system uses a plug-in (`plugins.py`), the modules of the plug-in's own package are followed and hashed in the
same way, all of them that its entry reaches; other packages are known by their versions in the provenance.
"""

import ast
import hashlib
import inspect
import textwrap
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from classical_baselines.data.sets import DATA_SETS
from studies.plugins import plugin_called
from studies.remembered import remembered
from studies.specification import Choice, Study, System

PACKAGES = ("classical_baselines", "neuro", "quantum", "studies")
SOURCE = Path(__file__).parent.parent
ROOT_MODULE = "studies.pipeline"
# What a study file says stands in the key as such; how it is read, and how code is hashed, changes no cell.
NOT_HASHED = frozenset(
    f"studies.{name}"
    for name in ("specification", "plain_errors", "code_version", "plugins", "remembered", "sealed_json")
)


@dataclass(frozen=True)
class CodeVersion:
    """The digest that goes into the key, and the modules that it is made of."""

    digest: str
    modules: Mapping[str, str]  # module -> hash of its syntax tree


def code_version(study: Study, system: System) -> CodeVersion:
    """The version of the code behind one system of a study."""
    roots = {ROOT_MODULE}
    for what, choice in _choices(study, system):
        roots |= defining_modules(what, choice.name)
    if study.data.folder is None and study.data.name in DATA_SETS:
        roots |= _entry_modules(DATA_SETS[study.data.name])
    splitters = [plugin_called("protocol", protocol.name) for protocol in study.protocols]
    return code_of(roots | {splitter.module for splitter in splitters if splitter is not None})


def defining_modules(what: str, name: str) -> set[str]:
    """The modules in which an entry of a registry is defined."""
    from classical_baselines.harness.choices import choose
    from studies.registries import REGISTRIES

    plugin = plugin_called(what, name)
    return {plugin.module} if plugin is not None else _entry_modules(choose(REGISTRIES[what], name, what=what))


def code_of(roots: Iterable[str]) -> CodeVersion:
    """The version of the code that `roots` and whatever they import make up."""
    return _code_of(frozenset(roots))


@cache
def _code_of(roots: frozenset[str]) -> CodeVersion:
    hashed = sorted(name for name in closure(roots) - NOT_HASHED if not _is_registry(name))
    modules = {name: module_hash(name) for name in hashed}
    text = "\n".join(f"{name} {module_digest}" for name, module_digest in modules.items())
    return CodeVersion(hashlib.sha256(text.encode()).hexdigest(), modules)


def closure(roots: Iterable[str]) -> set[str]:
    """Every module of ours that `roots` import, directly or through others, they included."""
    seen: set[str] = set()
    waiting = [name for root in roots for name in _with_parents(root)]
    while waiting:
        name = waiting.pop()
        if name in seen or _path(name) is None:
            continue
        seen.add(name)
        waiting.extend(parent for found in _imports(name) for parent in _with_parents(found))
    return seen


def module_hash(name: str) -> str:
    """SHA-256 of a module's syntax tree, docstrings left out."""
    return str(_read(name)["hash"])


def source_hash(source: str) -> str:
    """SHA-256 of the syntax tree of `source`, docstrings left out.

    >>> source_hash("def f(x): return (x  + 1)  # next") == source_hash("def f(x):\\n    'Next.'\\n    return x+1")
    True
    """
    parts: list[str] = []
    _append(ast.parse(source), parts)
    return hashlib.sha256("".join(parts).encode()).hexdigest()


def _append(node: Any, parts: list[str]) -> None:
    """The tree as text; empty fields are left out, so that fields which later Pythons add do not show."""
    if isinstance(node, ast.AST):
        parts.append(type(node).__name__)
        parts.append("(")
        for name in node._fields:
            value: Any = getattr(node, name, None)
            if value is None and not isinstance(node, ast.Constant):
                continue
            if value == [] or name in {"kind", "type_comment"}:
                continue
            if name == "body" and isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
                value = _without_docstring(value)
            parts.append(name)
            parts.append("=")
            _append(value, parts)
            parts.append(",")
        parts.append(")")
    elif isinstance(node, list):
        parts.append("[")
        for item in node:
            _append(item, parts)
            parts.append(",")
        parts.append("]")
    else:
        parts.append(repr(node))


def _without_docstring(body: list[ast.stmt]) -> list[ast.stmt]:
    first = body[0] if body else None
    has_one = (
        isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str)
    )
    return body[1:] if has_one else body


@cache
def _read(name: str) -> Mapping[str, Any]:
    """What is to know of a module: its hash, what it imports, whether it is a registry; read once for every source."""
    source = source_of(name)
    texts = [hashlib.sha256(text.encode()).hexdigest() for text in (source, _source_of_this_module())]
    depends_on = [*texts, name, _is_package(name)]
    return remembered("module", depends_on, lambda: _read_anew(name, source, is_package=_is_package(name)))


def _read_anew(name: str, source: str, *, is_package: bool) -> dict[str, Any]:
    tree = ast.parse(source)
    may_be_registry = is_package and _package_of(name) in PACKAGES
    functions = [node for node in tree.body if isinstance(node, ast.FunctionDef)] if may_be_registry else []
    is_registry = any(
        isinstance(node, ast.Import | ast.ImportFrom) for function in functions for node in ast.walk(function)
    )
    nodes = ast.iter_child_nodes(tree) if is_registry else ast.walk(tree)
    imports = sorted(_imported(nodes, name, is_package=is_package))
    return {"hash": source_hash(source), "imports": imports, "is_registry": is_registry}


@cache
def _source_of_this_module() -> str:
    return Path(__file__).read_text(encoding="utf-8")


def _imports(name: str) -> frozenset[str]:
    """Modules of ours that a module imports; those that a registry's functions import are left out."""
    return frozenset(_read(name)["imports"])


def _imported(nodes: Iterable[ast.AST], name: str, *, is_package: bool) -> set[str]:
    """What the nodes of the module `name` import of our packages, or of its own."""
    found: set[str] = set()
    for node in nodes:
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            module = _absolute(node, name, is_package=is_package)
            found.add(module)
            found |= {f"{module}.{alias.name}" for alias in node.names}  # some are modules; closure drops the rest
    return {one for one in found if _package_of(one) in {*PACKAGES, _package_of(name)}}


def _absolute(node: ast.ImportFrom, name: str, *, is_package: bool) -> str:
    """The module that `from ... import` names; a plug-in may name its own by dots."""
    if not node.level:
        return node.module or ""
    parts = name.split(".")
    base = parts[: len(parts) - node.level + is_package]
    return ".".join([*base, *([node.module] if node.module else [])])


def _package_of(name: str) -> str:
    return name.partition(".")[0]


def _with_parents(name: str) -> list[str]:
    parts = name.split(".")
    return [".".join(parts[:n]) for n in range(1, len(parts) + 1)]


def _is_registry(name: str) -> bool:
    return bool(_read(name)["is_registry"])


def _choices(study: Study, system: System) -> list[tuple[str, Choice]]:
    return [
        ("front end", study.front_end_of(system)),
        ("encoder", system.encoder),
        ("classifier", system.classifier),
        *(("backend", run.backend) for run in system.runs),
    ]


@cache
def _entry_modules(entry: Callable[[], Any]) -> set[str]:
    """The modules that a registry entry imports, read from its source: nothing heavy is imported for it."""
    nodes = ast.walk(ast.parse(textwrap.dedent(inspect.getsource(entry))))
    return _imported(nodes, entry.__module__, is_package=True) or {entry.__module__}


@cache
def _path(name: str) -> Path | None:
    top, *parts = name.split(".")
    for folder in [SOURCE] if top in PACKAGES else _folders_of_plugin(top):
        base = folder.joinpath(top, *parts)
        for path in (base / "__init__.py", base.with_name(f"{base.name}.py")):
            if path.is_file():
                return path
    return None


@cache
def _folders_of_plugin(top: str) -> list[Path]:
    """Where the package of a plug-in stands, found without importing it."""
    found = find_spec(top)
    if found is None:
        return []
    places = found.submodule_search_locations or ([found.origin] if found.origin else [])
    return [Path(place).parent for place in places]


def _is_package(name: str) -> bool:
    path = _path(name)
    return path is not None and path.name == "__init__.py"


@cache
def source_of(name: str) -> str:
    """The text of a module."""
    path = _path(name)
    assert path is not None
    return path.read_text(encoding="utf-8")

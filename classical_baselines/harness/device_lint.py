# classical_baselines/harness/device_lint.py
"""What a device file must say, checked before any of its prices is used.

    device, title, scope          who, and what the prices cover
    includes                      other devices whose rows this one takes over
    no_price_for                  operations, or groups of them, that the device has no price for
    deployable = false            a part of other devices, or figures: nothing runs on it alone
    [every_row]                   what holds for each row that does not say otherwise
    [[coefficient]]               a row: id, operations, one unit with nominal, low and high, kind, boundary, node,
                                  conditions, evidence, source, range_assumed; `of` where it multiplies another row;
                                  `reference` where it prices nothing and is kept all the same
    [[included]]                  operations, within (other operations of the same stage), reason
    [[unpriced]]                  boundary, term: what nobody publishes

A deployable device says of every operation what becomes of it: a price, within another price, or none. So nothing is
free by oversight. A price is in joules, a counted time's in watts, a step's in seconds.
"""

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any

from classical_baselines.harness.coefficient import DERIVED, EVIDENCE, KINDS, Coefficient, Device
from classical_baselines.harness.energy import BOUNDARIES
from classical_baselines.harness.operations import OPERATIONS

# The key of a row names its unit: SI unit and scale.
UNITS: Mapping[str, tuple[str, float]] = MappingProxyType(
    {
        "picojoules": ("joules", 1e-12),
        "nanojoules": ("joules", 1e-9),
        "microjoules": ("joules", 1e-6),
        "millijoules": ("joules", 1e-3),
        "microwatts": ("watts", 1e-6),
        "milliwatts": ("watts", 1e-3),
        "watts": ("watts", 1.0),
        "kilowatts": ("watts", 1e3),
        "nanoseconds": ("seconds", 1e-9),
        "microseconds": ("seconds", 1e-6),
        "seconds": ("seconds", 1.0),
        "cycles": ("cycles", 1.0),
        "factor": ("factor", 1.0),
        "bits": ("bits", 1.0),
        "flops": ("flops", 1.0),
        "probability": ("probability", 1.0),
    }
)
MULTIPLES = ("cycles", "factor")  # units of a row that is `of` another one

# Operations that a device has prices for together or not at all.
GROUPS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "floats": ("mac_fp32", "add_fp32", "multiply_fp32", "compare_fp32", "transcendental_fp32"),
        "integers": ("mac_int8", "add_int32", "requantise_int32", "compare_int8"),
        "memory": ("sram_bytes", "dram_bytes"),
        "spikes": (
            *("synaptic_operations", "neuron_updates_active", "neuron_updates_inactive", "spikes_generated"),
            *("spikes_routed", "messages_placed", "hops_east_west", "hops_north_south"),
            *("spikes_in", "chip_steps", "chip_seconds", "state_resets"),
        ),
        "circuits": ("gates_1q", "gates_2q", "measurements", "shots", "machine_seconds"),
        "link": ("link_bits",),
    }
)
PRICED_IN_WATTS = ("chip_seconds", "machine_seconds", "idle_seconds", "qubit_seconds", "running_power")
PRICED_OTHERWISE = {"step_time": "seconds", "event_bits": "bits"}

TEXTS = ("id", "kind", "boundary", "node", "conditions", "evidence", "source")
ROW_KEYS = {*TEXTS, "operations", "range_assumed", "of", "reference", *UNITS}
FILE_KEYS = (
    *("device", "title", "scope", "label", "deployable", "includes", "no_price_for"),
    *("every_row", "coefficient", "included", "unpriced"),
)
N_SHOWN = 5  # problems that a message lists


def lint_device(raw: Mapping[str, Any], known: Mapping[str, Device]) -> list[str]:
    """What is wrong with a device file, each with its place; `known` are the devices that it may include."""
    problems = _lint_table(raw, known)
    if problems:
        return problems
    rows = rows_of(raw)
    taken_over = [row for name in raw.get("includes", []) for row in known[name].coefficients]
    for row in rows:
        problems += [f"{row.get('id', 'a row')}: {problem}" for problem in _lint_row(row)]
    ids = [row["id"] for row in rows if "id" in row]
    problems += [f"{id}: the id stands twice" for id in sorted({id for id in ids if ids.count(id) > 1})]
    if problems:
        return problems
    problems += _lint_chains(rows, taken_over)
    if raw.get("deployable", True):
        problems += _lint_uses(rows, taken_over)
    problems += [problem for entry in raw.get("included", []) for problem in _lint_included(entry)]
    problems += [
        "unpriced: needs a boundary and a term"
        for entry in raw.get("unpriced", [])
        if set(entry) != {"boundary", "term"} or entry["boundary"] not in BOUNDARIES or not _is_text(entry["term"])
    ]
    return problems or _lint_coverage(raw, rows, taken_over, known)


def clashes(device: Device, others: Mapping[str, Device]) -> list[str]:
    """Rows of `device` whose id has other values elsewhere: one id is one coefficient, drawn once."""
    values = {row.id: (_values(row), other.name) for other in others.values() for row in other.coefficients}
    return [
        f"{row.id}: stands in {values[row.id][1]} with other values; give yours an id of its own"
        for row in device.coefficients
        if row.id in values and values[row.id][0] != _values(row)
    ]


def rows_of(raw: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The rows of a file, with what holds for every one of them filled in."""
    return [{**raw.get("every_row", {}), **row} for row in raw.get("coefficient", [])]


def shown(problems: list[str]) -> str:
    """Problems in one line; the first ones where there are many."""
    more = len(problems) - N_SHOWN
    return "; ".join(problems[:N_SHOWN]) + (f"; and {more} more" if more > 0 else "")


def _lint_table(raw: Mapping[str, Any], known: Mapping[str, Device]) -> list[str]:
    problems = [f"unknown key {key!r}; the keys are {', '.join(FILE_KEYS)}" for key in raw if key not in FILE_KEYS]
    problems += [f"{key} is missing" for key in ("device", "title", "scope") if not _is_text(raw.get(key))]
    problems += [f"{key} must be a text" for key in ("label",) if not isinstance(raw.get(key, ""), str)]
    if not isinstance(raw.get("deployable", True), bool):
        problems.append("deployable must be true or false")
    for key in ("includes", "no_price_for"):
        if not _is_list_of(raw.get(key, []), str):
            problems.append(f"{key} must be a list of names")
        elif key == "includes":
            problems += [f"includes: no device is called {name!r}" for name in raw.get(key, []) if name not in known]
    for key in ("coefficient", "included", "unpriced"):
        if not _is_list_of(raw.get(key, []), dict):
            problems.append(f"{key} must be a list of tables: [[{key}]]")
    every = raw.get("every_row", {})
    if not isinstance(every, dict):
        problems.append("every_row must be a table")
    else:
        allowed = [text for text in TEXTS if text != "id"]
        problems += [f"every_row: {key!r} has no place there" for key in every if key not in allowed]
    return problems


def _lint_row(row: Mapping[str, Any]) -> list[str]:
    problems = [f"unknown key {key!r}" for key in row if key not in ROW_KEYS]
    problems += [f"{key} is missing" for key in TEXTS if not _is_text(row.get(key))]
    if row.get("kind", KINDS[0]) not in KINDS:
        problems.append(f"kind must be one of {', '.join(KINDS)}")
    if row.get("boundary", BOUNDARIES[0]) not in BOUNDARIES:
        problems.append(f"boundary must be one of {', '.join(BOUNDARIES)}")
    if not set(str(row.get("evidence", EVIDENCE[0])).split("; ")) <= set(EVIDENCE):
        problems.append(f"evidence must be one of {', '.join(EVIDENCE)}, or several joined by '; '")
    if not isinstance(row.get("range_assumed"), bool):
        problems.append("range_assumed must be true or false")
    if not isinstance(row.get("reference", ""), str):
        problems.append("reference must be a text")
    if not _is_list_of(row.get("operations"), str):
        problems.append("operations is missing: a list of names")
    else:
        unknown = [name for name in row["operations"] if name not in OPERATIONS and name not in DERIVED]
        problems += [f"no operation is called {name!r}" for name in unknown]
    units = [key for key in UNITS if key in row]
    if len(units) != 1:
        return [*problems, f"needs one unit of {', '.join(UNITS)}"]
    return problems + _lint_values(row, units[0])


def _lint_values(row: Mapping[str, Any], unit: str) -> list[str]:
    table = row[unit]
    if not isinstance(table, dict) or set(table) != {"nominal", "low", "high"}:
        return [f"{unit} must hold nominal, low and high, and nothing else"]
    low, nominal, high = (table[key] for key in ("low", "nominal", "high"))
    if not all(_is_number(value) and 0 < value < float("inf") for value in (low, nominal, high)):
        return ["needs nominal, low and high above 0"]
    problems = []
    if not low <= nominal <= high:
        problems.append(f"low <= nominal <= high must hold; got {low}, {nominal}, {high}")
    is_a_third_to_three_times = abs(3 * low / nominal - 1) < 1e-3 and abs(high / nominal / 3 - 1) < 1e-3
    if is_a_third_to_three_times and row.get("range_assumed") is False:
        problems.append("a range of a third to three times is nobody's finding: say range_assumed = true")
    if (unit in MULTIPLES) != _is_text(row.get("of")) or not isinstance(row.get("of", ""), str):
        problems.append("a factor or a number of cycles, and nothing else, is `of` another row")
    return problems


def _lint_chains(rows: list[dict[str, Any]], taken_over: list[Coefficient]) -> list[str]:
    """Factors end in a row that is no factor, and a price has the unit of what it prices."""
    of: dict[str, tuple[str, str]] = {row.id: (row.of, row.unit) for row in taken_over}
    of |= {row["id"]: (row.get("of", ""), UNITS[next(key for key in UNITS if key in row)][0]) for row in rows}
    problems = []
    for row in rows:
        unit, problem = _unit_at_the_end(row["id"], of)
        if problem:
            problems.append(f"{row['id']}: {problem}")
            continue
        for operation in row["operations"]:
            wanted = "watts" if operation in PRICED_IN_WATTS else PRICED_OTHERWISE.get(operation, "joules")
            if unit != wanted:
                problems.append(f"{row['id']}: {operation} is priced in {wanted}; got {unit}")
    return problems


def _lint_uses(rows: list[dict[str, Any]], taken_over: list[Coefficient]) -> list[str]:
    """A row of a deployable device prices something, or is multiplied by another one, or says why it is kept."""
    referred = {row.get("of") for row in rows} | {row.of for row in taken_over}
    return [
        f"{row['id']}: prices nothing; name its operations, or say in `reference` why it is kept"
        for row in rows
        if not row["operations"] and row["id"] not in referred and not _is_text(row.get("reference"))
    ]


def _unit_at_the_end(id: str, of: Mapping[str, tuple[str, str]]) -> tuple[str, str]:
    """The unit that a chain of factors ends in; else what is wrong with it."""
    seen: list[str] = []
    while True:
        if id in seen:
            return "", f"its factors go in a circle: {' of '.join([*seen, id])}"
        seen.append(id)
        base, unit = of[id]
        if not base:
            return unit, ""
        if base == "cycle":  # the row that prices a cycle of the device that this one is part of
            return "joules", ""
        if base not in of:
            return "", f"`of` names no other row: {base!r}"
        id = base


def _lint_included(entry: Mapping[str, Any]) -> Iterator[str]:
    if not _is_list_of(entry.get("operations"), str) or not _is_list_of(entry.get("within"), str):
        yield "included: needs operations and within, two lists of names"
        return
    for name in (*entry["operations"], *entry["within"]):
        if name not in OPERATIONS and name not in DERIVED:
            yield f"included: no operation is called {name!r}"
    if not _is_text(entry.get("reason")):
        yield f"included {', '.join(entry['operations'])}: the reason is missing"
    if unknown := set(entry) - {"operations", "within", "reason"}:
        yield f"included: unknown key {sorted(unknown)[0]!r}"


def _lint_coverage(
    raw: Mapping[str, Any], rows: list[dict[str, Any]], taken_over: list[Coefficient], known: Mapping[str, Device]
) -> list[str]:
    """A deployable device says of each operation that it has a price, lies within another's, or has none."""
    problems = []
    without: set[str] = set()
    for name in raw.get("no_price_for", []):
        if name not in GROUPS and name not in OPERATIONS:
            problems.append(f"no_price_for: {name!r} is neither an operation nor one of {', '.join(GROUPS)}")
        without |= set(GROUPS.get(name, (name,)))
    if problems or not raw.get("deployable", True):
        return problems
    priced = {name for row in rows for name in row["operations"]} | {n for row in taken_over for n in row.operations}
    inside = {name for entry in raw.get("included", []) for name in entry["operations"]}
    inside |= {entry.operation for name in raw.get("includes", []) for entry in known[name].included}
    covered = priced | inside | ({"chip_steps"} if "step_time" in priced else set())
    problems += [f"no_price_for: {name} has a price" for name in OPERATIONS if name in without & covered]
    missing = [name for name in OPERATIONS if name not in covered | without]
    if missing:
        problems.append(f"nothing is said of {', '.join(missing)}; give rows, or name them in no_price_for")
    needs_cycle = any(row.get("of") == "cycle" for row in rows) or any(row.of == "cycle" for row in taken_over)
    if needs_cycle and sum("cycle" in row["operations"] for row in rows) != 1:
        problems.append("prices in cycles need one row that prices the operation `cycle`")
    return problems


def _values(row: Coefficient) -> tuple[float, float, float, str]:
    return row.low, row.nominal, row.high, row.unit


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_list_of(value: Any, kind: type) -> bool:
    return isinstance(value, list) and all(isinstance(item, kind) for item in value)

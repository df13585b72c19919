# studies/commands/status.py
"""`trichord status`: what is committed, what is missing, what failed and why."""

import json
from typing import Any

from studies.commands.columns import print_columns, print_wrapped
from studies.commands.request import Request, refuse_absent
from studies.grid import KeyedCell


def status(request: Request, as_json: bool) -> int:
    """Print where a study stands."""
    study = request.open_study()
    store = request.open_store(study)
    if request.store is not None:
        refuse_absent(store, named=True)
    plan = request.planned(study, store, confirm=True)
    committed, attempted = store.keys(), store.attempted_keys()
    by_system: dict[str, list[KeyedCell]] = {system.name: [] for system in study.systems}
    for cell in plan.cells:
        by_system[cell.cell.system].append(cell)
    rows: list[dict[str, Any]] = []
    failures = []
    for name, cells in by_system.items():
        waiting = [cell for cell in cells if cell.fit_key not in committed]
        failed = [cell for cell in waiting if cell.fit_key in attempted and store.attempts(cell.fit_key)]
        failures += failed
        rows.append(
            {
                "system": name,
                "cells": len(cells),
                "fitted": len(cells) - len(waiting),
                "tested": sum(cell.test_key in committed for cell in cells),
                "failed": len(failed),
                "code": next((c.accepted_code or c.code_version for c in cells), ""),
                "rechecked_from": sorted({c.rechecked_code for c in cells if c.rechecked_code}),
            }
        )
    looks = store.looks(plan.ground.content_hash)
    if as_json:
        by_fold = [{"protocol": p, "fold": f, "looks": n} for (p, f), n in sorted(looks.items())]
        print(json.dumps({"study": study.name, "systems": rows, "looks": by_fold}))
        return 0
    lines = [("system", "fitted", "tested", "failed", "code")]
    for row in rows:
        fitted = f"{row['fitted']}/{row['cells']}"
        codes = ", ".join(code[:12] for code in row["rechecked_from"])
        older = f" (rechecked: {codes})" if codes else ""
        lines.append((row["system"], fitted, str(row["tested"]), str(row["failed"]), f"{row['code'][:12]}{older}"))
    print_columns(lines, right=(1, 2, 3))
    for cell in failures:
        last = store.attempts(cell.fit_key)[-1]
        place = store.path / "attempts" / cell.fit_key
        print()
        print_wrapped(f"{cell.cell.system} · {cell.cell.fold} · seed {cell.cell.seed}: {last.reason}", hanging="  ")
        print(f"  {place}")
    if looks:
        print(f"\nlooks at each test fold: {min(looks.values())} to {max(looks.values())}")
    return 0

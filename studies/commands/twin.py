# studies/commands/twin.py
"""`trichord twin STUDY`: the integer network of a trained cell as ONNX and as a C header, held against the cell."""

import json
import shutil
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from classical_baselines.harness.choices import InputError, choose
from studies.commands.places import check_place, told_of
from studies.commands.request import Request
from studies.commands.trained_cells import Asking, trained_place
from studies.integer_run import integer_run


def twin(
    request: Request,
    *,
    system: str,
    fold: str | None,
    seed: int | None,
    to: Path | None,
    formats: str,
    as_json: bool,
) -> int:
    """Write the twin; 1 where it does not give the integers that were reported, and then nothing is written."""
    known = {"onnx": "onnx", "c": "c"}
    wanted = tuple(dict.fromkeys(choose(known, name.strip(), what="format of a twin") for name in formats.split(",")))
    study = request.open_study()
    integer_run(study.system(system))  # refused before anything is looked for
    folder = to or Path("twins") / study.name / system
    _check_new(folder)
    _check_tools(wanted)
    asking = Asking(request.study, f"twin --system {system}", "a twin")
    store, place = trained_place(request, study, asking, system, fold, seed)
    (keyed,) = place.cells

    from studies.deploying import NotEqualError, deployable_twin

    try:
        made = deployable_twin(study, keyed, store, request.data_root, wanted)
    except NotEqualError as error:
        print(f"{error} Nothing is kept.", file=sys.stderr)
        return 1
    _write(made.files, folder)
    if as_json:
        print(json.dumps({**made.record, "folder": str(folder)}, ensure_ascii=False))
    else:
        _say(made.record, folder)
    return 0


def _check_new(folder: Path) -> None:
    check_place(folder, "--to")
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise InputError(f"--to {folder}: there is something already. Name a new folder.")


def _check_tools(formats: Sequence[str]) -> None:
    """What a twin is run by before it is kept; InputError, with how to get it, where it is not here."""
    if "c" in formats:
        from classical_baselines.twins.compiled import c_compiler

        c_compiler()
    if "onnx" in formats:
        from classical_baselines.twins.onnx_twin import check_onnx

        check_onnx()


def _write(files: Mapping[str, bytes], folder: Path) -> None:
    """All files or none: written aside and renamed into place."""
    with told_of(folder, "--to"):
        folder.parent.mkdir(parents=True, exist_ok=True)
        aside = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
        _rename_whole(files, aside, folder)


def _rename_whole(files: Mapping[str, bytes], aside: Path, folder: Path) -> None:
    try:
        for name, content in files.items():
            (aside / name).write_bytes(content)
        aside.chmod(0o755)
        aside.rename(folder)
    except BaseException:
        shutil.rmtree(aside, ignore_errors=True)
        raise


def _say(record: Mapping[str, Any], folder: Path) -> None:
    n_bytes, equal = record["bytes"], record["equal"]
    print(
        f"{record['system']} of {record['study']}; {record['protocol']}, fold {record['fold']}, seed {record['seed']}; "
        f"cell {record['cell_key'][:12]}\n"
    )
    here = n_bytes["compiled_here"]
    print(
        f"flash  {n_bytes['flash']:,} bytes of constants ({n_bytes['weights']:,} weights, {n_bytes['biases']:,} "
        f"biases, {n_bytes['multipliers']:,} multipliers)"
        + (f"; {here:,} with code, compiled here with -Os" if here else "")
    )
    print(
        f"RAM    {n_bytes['ram']:,} bytes ({n_bytes['scratch']:,} scratch, {n_bytes['input']:,} input, "
        f"{n_bytes['logits']:,} logits)"
    )
    if (streamed := record["bytes_of_stream"]) is not None:
        print(
            f"stream {streamed['flash']:,} bytes of flash, {streamed['ram']:,} bytes of RAM, taking a frame at a time "
            f"({streamed['scratch']:,} state and scratch, {streamed['input']:,} input, {streamed['logits']:,} logits)"
        )
    clips = " and ".join(f"{n:,} {what}" for what, n in equal["clips"].items())
    by = ", ".join(
        said
        for said in (
            f"onnxruntime {equal['onnxruntime']}" if "onnxruntime" in equal else "",
            f"C by {equal['compiler']}" if "compiler" in equal else "",
            f"the backend {equal['backend']} now",
            "the committed logits",
        )
        if said
    )
    print(f"equal  on {clips} clips, integer by integer: {by}\n")
    print(f"Twin: {folder}")

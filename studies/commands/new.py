# studies/commands/new.py
"""`trichord new`: a commented study file to change, from the catalogue or over a user's own recordings.

    trichord new NAME --from STUDY                          the catalogue's file under a new name
    trichord new NAME --from-folder DIR --group-from REGEX  one class per folder; writes DIR/meta.csv where it is not
    trichord new NAME --from-folder DIR --group-duplicates  the same; clips with a recording in common are one group

For a folder the systems are those of the catalogue's study; the data, the protocols and the seeds are written anew.
"""

import json
import re
import sys
import unicodedata
from pathlib import Path

from classical_baselines.data.class_folders import from_folder as class_folders
from classical_baselines.data.manifest import MANIFEST_NAME, Manifest, read_manifest, write_manifest
from classical_baselines.harness.choices import InputError, choose
from studies.commands.request import use_cache_of
from studies.specification import FrontEndChoice
from studies.study_file import catalogue, load_study

NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,99}")
LONGEST_SECONDS = 10.0  # of a clip that a new study proposes; longer recordings are cut, and the file says so

FOLDER_STUDY = """\
# {name}: which system tells these sounds apart, and what does it cost?
# Change what you like; `trichord schema` lists the keys, `trichord list` the names, `trichord plan {file}` checks them.

schema = 1
name = "{name}"
title = "{name}"
question = {question}
seeds = [0, 1, 2] # every system is trained once per seed and fold
baseline = "{baseline}" # the system that the others are compared with
equivalence_margin = 0.02 # accuracies that differ by less count as equivalent

front_ends = [
{front_ends}
]
protocols = [
{protocols}
]

[data]
name = "{name}"
folder = {folder} # one folder per class; meta.csv in it names label and group of each file
clip_seconds = {clip_seconds:g} # {clip_comment}

{systems}"""


def new(
    name: str,
    from_study: str,
    from_folder: Path | None,
    group_from: str | None,
    group_duplicates: bool = False,
) -> int:
    """Write NAME.toml into the working folder."""
    if NAME.fullmatch(name) is None:
        raise InputError(
            f"{name[:120]!r} is not a name in kebab-case. Use at most 100 small letters, digits and dashes: my-study."
        )
    path = Path(f"{name}.toml")
    if path.exists():
        raise InputError(f"{path} is there already. Remove it, or choose another name.")
    if group_from is not None and from_folder is None:
        raise InputError("--group-from goes with --from-folder DIR: it is matched with the names of your files.")
    if group_duplicates and from_folder is None:
        raise InputError("--group-duplicates goes with --from-folder DIR: your recordings are compared.")
    if any(unicodedata.category(character) in {"Cc", "Cs"} for character in str((from_folder or path).resolve())):
        raise InputError(f"{str(from_folder)!r} has a character that no study file can hold. Rename the folder first.")
    source = choose(catalogue(), from_study, what="study")
    text = source.read_text(encoding="utf-8")
    manifest = None if from_folder is None else _manifest_of(from_folder, group_from, group_duplicates)
    content = _renamed(text, name) if manifest is None else _over_folder(name, text, from_study, manifest)
    path.write_text(content, encoding="utf-8")
    try:
        load_study(str(path))
        if manifest is not None and not (manifest.folder / MANIFEST_NAME).is_file():
            write_manifest(manifest, manifest.folder / MANIFEST_NAME)
    except InputError:
        path.unlink()
        raise
    print(f"{path} is written. Next: trichord plan {path}")
    return 0


def _manifest_of(folder: Path, group_from: str | None, group_duplicates: bool) -> Manifest:
    """The folder's own `meta.csv`, or one made from its class folders, which is written when the study holds."""
    listing = folder / MANIFEST_NAME
    if listing.is_file():
        for option, is_given in (("--group-from", group_from is not None), ("--group-duplicates", group_duplicates)):
            if is_given:
                raise InputError(f"{listing} names the groups already. Leave {option} out, or remove that file.")
        return read_manifest(folder)
    manifest = class_folders(folder, group_from)
    return _by_sound(manifest) if group_duplicates else manifest


def _by_sound(manifest: Manifest) -> Manifest:
    from classical_baselines.data.duplicate_groups import with_duplicate_groups

    use_cache_of(manifest.folder)
    seconds = min(LONGEST_SECONDS, max(_seconds(manifest.path(row)) for row in manifest.rows))
    grouped, n_pairs = with_duplicate_groups(manifest, seconds)
    n_groups = len({row.speaker_or_group for row in grouped.rows})
    print(f"{n_pairs} pairs of near duplicates; {len(grouped.rows)} clips in {n_groups} groups.")
    return grouped


def _renamed(text: str, name: str) -> str:
    renamed, n_found = re.subn(r'(?m)^name = ".*?"', f'name = "{name}"', text, count=1)
    assert n_found == 1, "a study file of the catalogue names itself on a line of its own"
    return renamed


def _over_folder(name: str, text: str, from_study: str, manifest: Manifest) -> str:
    study = load_study(from_study)
    folder = manifest.folder
    longest = max(_seconds(manifest.path(row)) for row in manifest.rows)
    groups = {row.speaker_or_group for row in manifest.rows}
    for warning in manifest.warnings:
        print(f"mind: {warning}", file=sys.stderr)
    clip_seconds = min(LONGEST_SECONDS, round(longest + 0.0005, 3))
    comment = f"the longest has {longest:.1f} s and is cut" if longest > clip_seconds else "as long as the longest"
    return FOLDER_STUDY.format(
        name=name,
        file=f"{name}.toml",
        question=_quoted(f"Which system tells the sounds of {folder.resolve().name} apart, and at what energy?"),
        folder=_quoted(str(folder.resolve())),
        baseline=study.baseline,
        front_ends="\n".join(f"    {_inline_table(_of_any_length(front_end))}," for front_end in study.front_ends),
        protocols=_protocols(len(groups) if groups != {""} else 0),
        clip_seconds=clip_seconds,
        clip_comment=comment,
        systems=text[text.index("[[systems]]") :],
    )


def _of_any_length(front_end: FrontEndChoice) -> dict[str, object]:
    """A front end of the catalogue's study for clips of another length and rate: all of their frames are kept."""
    table = front_end.model_dump(exclude_defaults=True)
    if "options" in table:
        table["options"] = {key: value for key, value in table["options"].items() if key != "keep_frames"}
    return table


def _protocols(n_groups: int) -> str:
    """Groups apart wherever there are enough of them; few groups are left out one by one."""
    if n_groups == 0:
        warning = "no groups are known: one speaker or source on both sides makes this too good"
        return f'    {{ name = "stratified-k-fold", options = {{ n_folds = 5 }}, headline = true }}, # {warning}'
    if n_groups <= 10:
        return '    { name = "leave-one-group-out", headline = true }, # each group is tested unheard, once'
    return '    { name = "grouped-k-fold", options = { n_folds = 5 }, headline = true }, # groups are never split'


def _quoted(value: object) -> str:
    """A value as TOML has it: as in JSON, but without surrogate pairs."""
    return json.dumps(value, ensure_ascii=False)


def _inline_table(table: dict[str, object]) -> str:
    """A TOML table on one line, tables within it included."""
    texts = {key: _inline_table(value) if isinstance(value, dict) else _quoted(value) for key, value in table.items()}
    return "{ " + ", ".join(f"{key} = {text}" for key, text in texts.items()) + " }"


def _seconds(path: Path) -> float:
    """Of a recording, by the bounded reader: a file that no run could read is refused here."""
    from classical_baselines.data.audio_file import read_audio

    samples, rate_hz = read_audio(path)
    return len(samples) / rate_hz

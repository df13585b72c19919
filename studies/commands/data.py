# studies/commands/data.py
"""`trichord data get|check|describe|duplicates`: data sets, before any study."""

from pathlib import Path

from classical_baselines.data.catalogue import data_set, known_data_set
from classical_baselines.harness.choices import InputError, choose
from studies.commands.columns import print_wrapped
from studies.commands.request import use_cache_of
from studies.specification import LONGEST_CLIP_SECONDS
from studies.wording import counted


def get(name: str, data_root: Path | None) -> int:
    """Download a data set into the data root."""
    from classical_baselines.data.download import get_data_set

    print(get_data_set(name, data_root))
    return 0


def check(name: str, data_root: Path | None) -> int:
    """Decode every recording and compare it with its published checksum; 1 where one differs."""
    from classical_baselines.data.checksums import check_data_set

    found = check_data_set(name, data_root)
    for problem in found.problems:
        print(problem)
    if found.problems:
        print(f"{counted(len(found.problems), 'problem')} in {counted(found.n_clips, 'recording')}; get the set again.")
        return 1
    verified = f"{found.n_verified} equal their published checksum" if found.has_table else "no checksums are published"
    are = "is" if found.n_clips == 1 else "are"
    print(f"{counted(found.n_clips, 'recording')} {are} readable; {verified}.")
    return 0


def duplicates(name: str, protocol: str | None, clip_seconds: float | None, data_root: Path | None) -> int:
    """Print clips that hold the same recording; 1 where a pair straddles the parts of a fold of `protocol`."""
    if clip_seconds is not None and not 0 < clip_seconds <= LONGEST_CLIP_SECONDS:
        raise InputError(
            f"--clip-seconds {clip_seconds:g}: give more than 0 and at most {LONGEST_CLIP_SECONDS} seconds."
        )
    entry = known_data_set(name)
    if entry is None and Path(name).is_dir():
        if clip_seconds is None:
            raise InputError(
                f"{name} is a folder of your own: say how many seconds of a recording are compared, such as "
                "--clip-seconds 1.5."
            )
        use_cache_of(Path(name))
    from classical_baselines.data.loading import load_clips
    from classical_baselines.data.near_duplicates import straddling
    from classical_baselines.data.splits import SPLITTERS
    from studies.duplicates import duplicates_of

    splitter = None if protocol is None else choose(SPLITTERS, protocol, what="protocol")
    clips = load_clips(name, data_root, clip_seconds)
    try:
        folds = [] if splitter is None else splitter(clips)
    except InputError as error:
        known = "" if entry is None else f" Protocols that fit it: {', '.join(entry.protocols)}."
        raise InputError(f"--protocol {protocol} cannot split {name}: {error}{known}") from error
    pairs = duplicates_of(clips)
    across = straddling(pairs, folds)
    where = {pair: f"   {first} and {second} of {fold}" for pair, fold, first, second in across}
    for pair in pairs:
        names = f"{clips.names[pair.first]}  {clips.names[pair.second]}"
        said = f"{pair.correlation:+.3f}  {1000 * pair.lag_seconds:+8.1f} ms"
        apart = "" if clips.groups[pair.first] == clips.groups[pair.second] else "   groups differ"
        print(f"{said}  {names}{apart}{where.get(pair, '')}")
    n_clips = len({index for pair in pairs for index in (pair.first, pair.second)})
    print_wrapped(
        f"{counted(len(pairs), 'pair')} of near duplicates among {counted(len(clips), 'recording')}, {n_clips:,} of "
        "which are in one."
    )
    if protocol is not None:
        straddle = "straddles" if len(across) == 1 else "straddle"
        print_wrapped(f"{len(across)} of the pairs {straddle} the parts of a fold of {protocol}.")
    return 1 if across else 0


def describe(name: str, data_root: Path | None) -> int:
    """Print what is known of a data set."""
    del data_root
    entry = data_set(name)
    print_wrapped(entry.title)
    print(f"  clips of {entry.clip_seconds:g} s at {entry.sample_rate_hz} Hz")
    said = [("protocols", ", ".join(entry.protocols)), ("licence", entry.licence), ("source", entry.source)]
    if entry.folders:
        said.append(("folder", f"{' or '.join(entry.folders)} under the data root"))
    for what, text in [*said, *(("mind", warning) for warning in entry.warnings)]:
        print_wrapped(text, indent=f"  {f'{what}:':10} ", hanging=" " * 13)
    return 0

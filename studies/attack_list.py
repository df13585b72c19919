# studies/attack_list.py
"""Which attack is behind a spoof, from a publisher's list of trials: names of clips do not tell it.

The lists of ASVspoof 2019 and 2021 (`data/sets/asvspoof_trials.py`) differ in the number of fields of a line.
"""

from pathlib import Path

from classical_baselines.data.sets.asvspoof_trials import ATTACK, FIELDS_2019, FIELDS_2021, KEYS
from classical_baselines.data.sets.publisher_tables import bare_lines
from classical_baselines.harness.choices import InputError


def read_attacks(path: Path) -> dict[str, str]:
    """File name without its suffix -> attack ("A07"), of the spoofs of a list; the path is that of `--attacks`."""
    fields = FIELDS_2021 if _n_words_of_first_line(path) == len(FIELDS_2021) else FIELDS_2019
    attacks = {}
    for line in bare_lines(path, fields):
        if line.one_of("key", KEYS) == "spoof":
            if not ATTACK.fullmatch(line["attack"]):
                raise InputError(
                    f"--attacks {line.place}: {line['file']!r} is spoof, and its attack {line['attack']!r} is none of "
                    "A01 to A19. Copy the file from the publisher's archive."
                )
            attacks[line["file"]] = line["attack"]
    if not attacks:
        raise InputError(f"--attacks {path}: no line is of a spoof. Name a list of trials of ASVspoof.")
    return attacks


def _n_words_of_first_line(path: Path) -> int:
    try:
        with path.open(encoding="utf-8") as file:
            return len(next((line for line in file if line.strip()), "").split())
    except (OSError, UnicodeDecodeError) as error:
        reason = "this is a folder" if path.is_dir() else f"it cannot be read ({error})"
        raise InputError(f"--attacks {path}: {reason}. Name a list of trials of ASVspoof.") from None

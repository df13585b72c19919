# studies/commands/literature_repriced.py
"""`trichord literature-repriced`: published claims at Trichord's prices, as text, as a page or as JSON."""

import json
from pathlib import Path

from studies.commands.figure_output import ending_of, write_figure


def literature_repriced(file: Path | None, out: Path | None, as_page: bool, as_json: bool) -> int:
    """Print every claim with its verdict; write the figure where one is asked for."""
    ending = None if out is None else ending_of(out, "literature_repriced")

    from studies.literature_claims import FILE, claims
    from studies.literature_page import literature_page, literature_text
    from studies.literature_records import record
    from studies.literature_repricing import repriced

    found = repriced(claims(FILE if file is None else file))
    if out is not None and ending is not None:
        from studies.exports.figure_files import WRITERS
        from studies.figures.literature import literature

        write_figure(WRITERS[ending](literature(found)), out)
    if as_json:
        print(json.dumps([record(one) for one in found], allow_nan=False))
    else:
        print((literature_page if as_page else literature_text)(found), end="")
    return 0

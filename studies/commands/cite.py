# studies/commands/cite.py
"""`trichord cite STUDY`: what the study rests on, as text and as BibTeX."""

import json
from dataclasses import asdict

from studies.citing import bibtex, citation_text, citations
from studies.commands.columns import print_wrapped
from studies.commands.request import Request


def cite(request: Request, only_bibtex: bool, as_json: bool) -> int:
    """Print the list of references, then its BibTeX."""
    results = request.results()
    if as_json:
        print(json.dumps([asdict(one) for one in citations(results)], ensure_ascii=False))
        return 0
    if not only_bibtex:
        for line in citation_text(results).splitlines():
            print_wrapped(line.strip(), indent=line[: len(line) - len(line.lstrip())], hanging="      ")
        print()
    print(bibtex(results), end="")
    return 0

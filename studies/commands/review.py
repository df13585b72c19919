# studies/commands/review.py
"""`trichord review STUDY`: the reviewer's checklist filled in from the store, and a methods paragraph to paste."""

import json
from dataclasses import asdict

from studies.commands.columns import print_wrapped
from studies.commands.request import Request
from studies.methods import methods
from studies.review import checklist


def review(request: Request, as_json: bool) -> int:
    """Print the checklist and the paragraph."""
    results = request.results()
    items, paragraph = checklist(results), methods(results)
    if as_json:
        print(json.dumps({"checklist": [asdict(item) for item in items], "methods": paragraph}, ensure_ascii=False))
        return 0
    n_open = sum(item.state == "open" for item in items)
    are = "is" if n_open == 1 else "are"
    print(f"{n_open} of {len(items)} questions {are} open.\n")
    for item in items:
        print_wrapped(item.question, indent=f"[{item.state:5}] ", hanging=" " * 8)
        print_wrapped(item.answer, indent=" " * 8)
    print("\nMethods\n")
    print_wrapped(paragraph)
    return 0

# studies/commands/review.py
"""`trichord review STUDY`: the reviewer's checklist filled in from the store, and a methods paragraph to paste."""

import json
import textwrap
from dataclasses import asdict

from studies.commands.request import Request
from studies.methods import methods
from studies.review import checklist

WIDTH = 110


def review(request: Request, as_json: bool) -> int:
    """Print the checklist and the paragraph."""
    results = request.results()
    items, paragraph = checklist(results), methods(results)
    if as_json:
        print(json.dumps({"checklist": [asdict(item) for item in items], "methods": paragraph}, ensure_ascii=False))
        return 0
    for item in items:
        print(f"[{item.state:5}] {item.question}")
        print(textwrap.indent(textwrap.fill(item.answer, WIDTH - 8, break_on_hyphens=False), " " * 8))
    n_open = sum(item.state == "open" for item in items)
    print(f"\n{n_open} of {len(items)} questions are open.\n\nMethods\n")
    print(textwrap.fill(paragraph, WIDTH, break_on_hyphens=False))
    return 0

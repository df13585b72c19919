# studies/commands/verify.py
"""`trichord verify`: are the committed cells what was committed?"""

import sys

from studies.commands.request import Request


def verify(request: Request) -> int:
    """Print every flaw; 1 where there is one."""
    _, store = request.opened()
    stores = [store] if store.behind is None else [store, store.behind]
    flaws = [f"{one.path}: {flaw}" for one in stores for flaw in one.verify()]
    for flaw in flaws:
        print(flaw, file=sys.stderr)
    n_cells = len(store.keys())
    print(f"{n_cells} cells read, {len(flaws)} flaws" if flaws else f"{n_cells} cells read, all as committed")
    return 1 if flaws else 0

# studies/commands/index.py
"""`trichord index`: the index of a store, from its cells alone."""

from studies.commands.request import Request, refuse_absent
from studies.index import INDEX


def index(request: Request) -> int:
    """Write it, and say how many cells it has."""
    study = request.open_study()
    store = request.open_store(study)
    refuse_absent(store, named=True)
    n_cells = store.write_index(anew=True)
    print(f"{n_cells} cells in {store.path / INDEX}")
    return 0

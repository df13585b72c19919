# studies/warm_start.py
"""What every cell of a run would load anew, loaded once in the process that cells are forked from.

It holds libraries that are slow to import and, for a study on the embedded corpus, the corpus: a cell then starts
in a tenth of a second instead of two. Nothing here is random or trained, so a cell's result does not depend on it.
"""

import os
from importlib import import_module

from studies.worker import WARM_DATA_VARIABLE

SLOW_IMPORTS = ("scipy.signal", "scipy.special", "torch.fx", "classical_baselines.data.loading")

for _name in SLOW_IMPORTS:
    import_module(_name)

if os.environ.get(WARM_DATA_VARIABLE) == "synthetic":
    from classical_baselines.data.synthetic import synthetic_clips

    synthetic_clips()

# studies/warm_start.py
"""What every cell of a run would load anew, loaded once in the process that cells are forked from.

It holds libraries that are slow to import, what provenance says of the code and the machine (of the code that is loaded
here: a checkout may move on while a study runs) and, for a study on the embedded corpus, the corpus: a cell then starts
in a tenth of a second instead of two. Nothing here is random or trained, so a cell's result does not depend on it.
"""

import os
from importlib import import_module

from studies.provenance import coefficients_hash, git_state, machine, versions
from studies.worker import WARM_DATA_VARIABLE

SLOW_IMPORTS = (
    "scipy.signal",
    "scipy.special",
    "torch.fx",
    "torch._dynamo",  # which the first optimiser of a process imports: seconds
    "classical_baselines.data.loading",
)

for _name in SLOW_IMPORTS:
    import_module(_name)

for _fact in (git_state, versions, machine, coefficients_hash):
    _fact()  # it is cached, and a process that is forked from here has it

if os.environ.get(WARM_DATA_VARIABLE) == "synthetic":
    from classical_baselines.data.synthetic import synthetic_clips

    synthetic_clips()

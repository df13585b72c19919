# classical_baselines/data/cache.py
"""Where decoded recordings and computed pictures are kept between runs: only ever to save time."""

import os
from pathlib import Path

ENVIRONMENT_VARIABLE = "TRICHORD_CACHE"


def cache_folder() -> Path:
    """TRICHORD_CACHE, or `trichord` in the user's cache folder (XDG Base Directory Specification)."""
    given = os.environ.get(ENVIRONMENT_VARIABLE)
    if given:
        return Path(given)
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "trichord"

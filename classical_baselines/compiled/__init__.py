# classical_baselines/compiled/__init__.py
"""What code that is compiled for the CPU (numba) is made of, whichever paradigm it serves."""

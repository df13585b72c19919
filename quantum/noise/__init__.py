# quantum/noise/__init__.py
"""The noise of real machines: calibrations as files of our own, and what follows from them for gates and readout."""

# quantum/mitigation/__init__.py
"""What takes errors out of shots afterwards, at the price of more shots: inverted readout, zero-noise extrapolation."""

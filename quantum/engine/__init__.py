# quantum/engine/__init__.py
"""Batched, differentiable state vectors in torch: the simulator that the hybrids are trained on."""

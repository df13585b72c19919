# quantum/circuits/__init__.py
"""Circuits, each as a torch layer on batches of states and as a Qiskit circuit, from one description."""

# quantum/controls/__init__.py
"""What a hybrid must be compared with: the network without its circuit, or with something classical in its place."""

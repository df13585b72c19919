# quantum/measures/__init__.py
"""What circuits can do before any training: how far they reach, how they entangle, how steep their costs are."""

# neuro/interchange/__init__.py
"""A network of the chip's integers as a file, and read back: plain integers, and NIR."""

"""Clips of two senses: a recording of a spoken digit, and a handwritten one of the same class beside it."""

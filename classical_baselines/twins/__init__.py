"""Deployable twins: an integer network as an ONNX graph and as a C header, each run again and held against it."""

# neuro/loihi/neurons/__init__.py
"""Neuron models in the chip's integers: one file each, its parameters and one step of its dynamics.

Every model keeps the contract `Neuron` of `neuro/loihi/neurons/neuron.py` and equals Lava 0.10's fixed-point model of
the same name in every bit.
"""

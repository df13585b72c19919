"""A study of one small system on the embedded recordings: the least that `run` can be tried on."""

STUDY = """
schema = 1
name = "tiny"
title = "Tiny"
question = "Does it run?"
seeds = [0]
baseline = "linear-layer"
front_ends = [{ name = "log-mel" }]
protocols = [{ name = "official-split", headline = true }]
[data]
name = "synthetic"
[[systems]]
name = "linear-layer"
family = "classical"
augment = false
classifier = { name = "linear-layer" }
training = { n_epochs = 1 }
runs = [{ backend = { name = "torch-float" }, deployments = ["cortex-m4"] }]
"""

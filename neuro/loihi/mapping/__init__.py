# neuro/loihi/mapping/__init__.py
"""A network of integers on the cores of a chip: what a core holds, who shares it, and which way spikes go.

    network -> core_map(network, chip) -> traffic(map, record) -> step_seconds, mapped_operations

Limits stand in `chips`, the cutting of layers in `splits`, cores and tiles in `core_map`, messages and hops in
`traffic`, time in `latency`, counts in `mapped_operations`; what sets Lava's model apart from Loihi 1 in
`loihi_1_profile`.
"""

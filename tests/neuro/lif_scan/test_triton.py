"""The kernels for a GPU give the spikes and gradients of the reference, run by triton's interpreter on the CPU."""

import os
import subprocess
import sys

import pytest

# Whether a kernel is interpreted is decided when triton is imported: so, a process of its own.
COMPARED = """
import torch
from neuro.lif_scan import torch_scan, triton_scan
from neuro.neuron import CubaNeuron, LifNeuron

generator = torch.Generator().manual_seed(3)
for scan in ("lif_scan", "cuba_scan"):
    for shape in ((12, 3, 50), (1, 3), (5, 2, 0), (7, 128)):
        for constants in ((0.0, 1.0, 5.0), (0.9, 0.6, 25.0), (1.0, 1.0, 5.0)):
            neuron = LifNeuron(*constants) if scan == "lif_scan" else CubaNeuron(*constants, alpha=0.7)
            currents, arriving = (torch.randn(shape, generator=generator, dtype=torch.float64) for _ in range(2))
            results = []
            for engine in (torch_scan, triton_scan):
                given = currents.clone().requires_grad_()
                spikes = getattr(engine, scan)(given, neuron)
                (spikes * arriving).sum().backward()
                results.append((spikes.detach(), given.grad))
            (spikes, gradient), (ours, our_gradient) = results
            assert torch.equal(spikes, ours), (scan, shape, constants)
            assert torch.allclose(gradient, our_gradient, rtol=1e-12, atol=1e-12), (scan, shape, constants)
            assert not spikes.numel() or len(shape) < 3 or 0.02 < float(spikes.mean()) < 0.98
print("equal")
"""


# CI runs on Linux, where the test tools bring triton: it is not skipped there.
@pytest.mark.skipif(sys.platform != "linux", reason="triton is built for Linux alone")
def test_interpreted_kernels_give_the_spikes_and_gradients_of_the_reference():
    environment = {**os.environ, "TRITON_INTERPRET": "1"}
    done = subprocess.run(
        [sys.executable, "-c", COMPARED], env=environment, capture_output=True, text=True, timeout=300, check=False
    )

    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "equal"


COMPILED = """
import triton
import triton.language as tl
from triton.backends.compiler import GPUTarget
from triton.compiler import ASTSource
from neuro.lif_scan.triton_scan import NEURONS_AT_ONCE, _backward, _forward

for kernel in (_forward, _backward):
    for is_cuba in (False, True):
        signature = {}
        for name in kernel.arg_names:
            if name in ("currents", "potentials", "spikes", "gradients", "result"):
                signature[name] = "*fp32"
            elif name in ("n_steps", "n_neurons", "last_step"):
                signature[name] = "i32"
            else:
                signature[name] = "constexpr" if name in ("is_cuba", "block") else "fp32"
        source = ASTSource(kernel, signature, {"is_cuba": is_cuba, "block": NEURONS_AT_ONCE})
        made = triton.compile(source, target=GPUTarget("cuda", 90, 32))
        assert "st.global" in made.asm["ptx"] and len(made.asm["cubin"]) > 1000
print("compiled")
"""


# The interpreter runs what the compiler refuses, an annotation that is no constexpr for one.
@pytest.mark.skipif(sys.platform != "linux", reason="triton is built for Linux alone")
def test_the_kernels_compile_for_a_gpu_that_need_not_be_there():
    environment = {name: value for name, value in os.environ.items() if name != "TRITON_INTERPRET"}
    done = subprocess.run(
        [sys.executable, "-c", COMPILED], env=environment, capture_output=True, text=True, timeout=300, check=False
    )

    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "compiled"

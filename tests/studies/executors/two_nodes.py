# tests/studies/executors/two_nodes.py
"""A Ray cluster on one machine, in a process of its own: a head without cores, and two nodes with a core each.

Prints `ready ADDRESS`; then every line on standard input is done and answered: `lose` kills a node without a
farewell, `add` brings one. It ends when its input does.
"""

import os
import sys
import tempfile
from pathlib import Path

from studies.executors.ray import LOCAL_SETTINGS

os.environ.update(LOCAL_SETTINGS)


def main() -> None:
    """Start the cluster and do what is asked."""
    with tempfile.TemporaryDirectory(prefix="ray-", dir="/tmp", ignore_cleanup_errors=True) as folder:
        os.environ["RAY_TMPDIR"] = folder
        (Path(folder) / "ray").mkdir()  # the address of the cluster is written there
        from ray.cluster_utils import Cluster

        head = {"num_cpus": 0, "include_dashboard": False, "object_store_memory": 10**8}
        cluster = Cluster(initialize_head=True, head_node_args=head)
        node = {"num_cpus": 1, "num_gpus": 1, "object_store_memory": 10**8}
        nodes = [cluster.add_node(**node) for _ in range(2)]
        print("ready", cluster.address, flush=True)
        for line in sys.stdin:
            if line.strip() == "lose":
                cluster.remove_node(nodes.pop(), allow_graceful=False)
            elif line.strip() == "add":
                nodes.append(cluster.add_node(**node))
            print("done", flush=True)
        cluster.shutdown()


if __name__ == "__main__":
    main()

"""Finds copies over shards on workers that Slurm starts, by dask-jobqueue: python dask-slurm.py shards.txt out 16

The scheduler runs here, where the compute nodes reach it; the folder `out` is one that they all see.
"""

import subprocess
import sys

from dask_jobqueue import SLURMCluster


def main(paths: str, folder: str, workers: str = "2") -> int:
    """Runs `chaffinch scale` while as many jobs work for it; returns its exit status."""
    with SLURMCluster(
        job_name="chaffinch-scale",
        cores=1,  # a worker is one thread: most of a task is Python
        processes=1,
        memory="4GB",
        walltime="24:00:00",
        worker_extra_args=["--lifetime", "23h"],  # gives way before Slurm ends it
        job_script_prologue=[  # which `--on local` sets: a third of the processor's time
            "export DASK_DISTRIBUTED__WORKER__PROFILE__ENABLED=False MALLOC_TRIM_THRESHOLD_=134217728"
        ],
        python=sys.executable,  # the same Chaffinch on all nodes
    ) as cluster:
        cluster.adapt(minimum_jobs=int(workers), maximum_jobs=int(workers))  # a job that ended is put in again
        command = ["chaffinch", "scale", "--paths", paths, "--to", folder, "--on", cluster.scheduler_address]
        return subprocess.run(command, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))

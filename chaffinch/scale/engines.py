"""Where tasks are done: by Dask, on this machine or at the address of a scheduler, or by the tasks of an array job."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from chaffinch.scale.tasks import Task, code_version, do
from chaffinch.scale.whole import Do

PATIENCE = 300.0  # seconds without news of the others' tasks until one of them is done here: by hand
_LOOK = 0.2  # seconds between two looks at what others have done (cost)
_CONNECT = "10s"
_SETTINGS = {
    # What a task does is looked at a hundred times a second, for a page that nobody opens here.
    "distributed.worker.profile.enabled": False,
    # Freed memory goes back at once, and is asked for again: of more use to workers that keep results than to these.
    "distributed.nanny.pre-spawn-environ.MALLOC_TRIM_THRESHOLD_": None,
}

Tell = Callable[[str, int, int], None]  # a stage, how many of its tasks are done, of how many


@contextmanager
def dask(where: str, workers: int, tell: Tell) -> Iterator[Do]:
    """Tasks are done by `workers` processes of this machine (`local`), or by whatever works for a Dask scheduler.

    Raises ValueError, one line, where distributed is missing or no scheduler answers.
    """
    try:
        import dask
        from distributed import Client, LocalCluster
    except ImportError:
        raise ValueError("Dask is not installed: pip install 'chaffinch[scale]', or give --task I/N") from None
    dask.config.set(_SETTINGS | {"distributed.comm.timeouts.connect": _CONNECT})
    with (
        LocalCluster(
            n_workers=workers,
            threads_per_worker=1,
            dashboard_address="127.0.0.1:0",
            host="127.0.0.1",
            silence_logs=logging.CRITICAL,  # what fails is told here, once
        )
        if where == "local"
        else _nothing() as cluster
    ):
        try:
            client = Client(cluster or where, timeout=_CONNECT)
        except (OSError, ValueError) as error:
            said = str(error).splitlines()[0] if str(error) else type(error).__name__
            raise ValueError(f"no Dask scheduler at {where}: {said}") from None
        with client:
            yield lambda name, tasks: _on(client, name, tasks, tell)


@contextmanager
def _nothing() -> Iterator[None]:
    yield None


def _on(client: Any, name: str, tasks: list[Task], tell: Tell) -> None:
    from distributed import KilledWorker, as_completed

    missing = [task for task in tasks if not task.is_done]
    done = len(tasks) - len(missing)
    tell(name, done, len(tasks))
    code = code_version()
    futures = {
        client.submit(do, task, code, key=f"{task.name}-{task.out.name}-{time.time_ns()}", pure=False): task
        for task in missing
    }
    try:
        for future in as_completed(futures):
            future.result()
            done += 1
            tell(name, done, len(tasks))
    except KilledWorker:
        raise ValueError(f"{futures[future].name}: workers die over it, killed or out of memory") from None
    finally:
        client.cancel(list(futures))


def alone(index: int, count: int, tell: Tell) -> Do:
    """This process does each task whose number leaves `index` by `count`, and waits for those of the others.

    A task that nobody does for PATIENCE is done here: whoever was to do it may have died.
    """

    def on(name: str, tasks: list[Task]) -> None:
        code = code_version()
        for number, task in enumerate(tasks):
            if number % count == index:
                do(task, code)
            tell(name, sum(one.is_done for one in tasks), len(tasks))
        since, left = time.monotonic(), -1
        while missing := [task for task in tasks if not task.is_done]:
            if len(missing) != left:
                since, left = time.monotonic(), len(missing)
            elif time.monotonic() - since > PATIENCE:
                do(missing[index % len(missing)], code)
            time.sleep(_LOOK)
        tell(name, len(tasks), len(tasks))

    return on


def cores() -> int:
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0))

"""Several people, or workers, at the same moment: each in a thread with a connection of its own."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from django.db import connection

TOGETHER_WITHIN = 60.0  # seconds until all threads stand at the start


def at_once(
    *works: Callable[[], Any], refusal: type[Exception] | tuple[type[Exception], ...] = ()
) -> list[Any]:
    """Do all of `works`; return their results in the same order.

    Where a work was refused with `refusal`, that stands in the place of its result; any other
    exception is raised.
    """
    start = threading.Barrier(len(works))

    def run(work: Callable[[], Any]) -> Any:
        start.wait(TOGETHER_WITHIN)
        try:
            return work()
        except refusal as error:
            return error
        finally:
            connection.close()

    with ThreadPoolExecutor(len(works)) as pool:
        return list(pool.map(run, works))

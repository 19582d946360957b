"""Work in a process of its own, which may be killed on its way."""

import os
import random
import signal
import threading
import time
from collections.abc import Callable
from contextlib import suppress

from tqdm.auto import tqdm


def in_a_child(work: Callable[[], object], kill_after: float | None = None) -> int:
    """Do some work in a process of its own; its exit code, -9 if it was killed on its way."""
    child = os.fork()
    if child == 0:
        tqdm.set_lock(threading.RLock())  # a child that is killed would never release that which processes share
        code = 1
        with suppress(BaseException):
            work()
            code = 0
        os._exit(code)
    if kill_after is not None:
        time.sleep(kill_after)
        os.kill(child, signal.SIGKILL)  # it is there until it is waited for, ended or not
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def killed(times: int, work: Callable[[], object], within: float, stream: random.Random, anew: Callable[[], object]):
    """Kill some work several times, each time at a random moment of ``within`` seconds.

    A machine may be faster than that: work that has ended before is begun ``anew``, with half the seconds.
    """
    while times:
        code = in_a_child(work, stream.uniform(0, within))
        assert code in (0, -signal.SIGKILL)
        if code:
            times -= 1
        else:
            anew()
            within /= 2

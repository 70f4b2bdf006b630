"""One sample of a peer, printed as ``side.py`` prints one of ours. Standard library alone."""

import gc
import json
import resource
import time


def timed(call, times):
    """Seconds of processor and wall time a call, after one warm-up; collected as ours are."""
    call()
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, *gc.get_threshold()[1:])
    wall, cpu = time.perf_counter(), time.process_time()
    for _ in range(times):
        call()
    spent = time.process_time() - cpu
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    wall = (time.perf_counter() - wall) / times
    print(json.dumps({"cpu": spent / times, "wall": wall, "peak_mib": peak}))

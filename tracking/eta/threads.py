"""One thread for OpenMP and BLAS: on a busy machine theirs wait for each other, twenty times as long as they work."""

import os


def one_thread_a_process() -> None:
    """Call this before numpy or scikit-learn are imported, in a process that fits."""
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ.setdefault(name, "1")

"""Chronos, the time tracker."""

import os
import signal

if os.getpid() == 1:
    # The first process of a container ignores SIGTERM until it says otherwise, which is when all is imported.
    signal.signal(signal.SIGTERM, lambda *_: os._exit(128 + signal.SIGTERM))

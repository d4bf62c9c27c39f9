"""`python -m grader.worker FD`: start the root server on an inherited socket, with the notebook shell loaded."""

from __future__ import annotations

import gc
import socket
import sys

gc.disable()  # until everything is loaded: nothing of it is garbage, and looking costs a tenth of the start

from grader.worker.server import serve  # noqa: E402

if __name__ == "__main__":
    serve(socket.socket(fileno=int(sys.argv[1])))

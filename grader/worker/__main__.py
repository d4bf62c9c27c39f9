"""`python -m grader.worker FD`: start the root server on an inherited socket, with the notebook shell loaded."""

from __future__ import annotations

import socket
import sys

from grader.worker.server import serve

if __name__ == "__main__":
    serve(socket.socket(fileno=int(sys.argv[1])))

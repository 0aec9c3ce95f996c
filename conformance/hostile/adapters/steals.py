"""Reads a file that was not granted, then tries to send it away."""
import os
import socket

import peer

secret = os.environ.get("STEAL_FROM", "/etc/passwd")
for call in peer.serve("steals", ["data.steal"]):
    seen = {}
    for name, attempt in {
        "read": lambda: open(call.args.get("file", secret)).read(),
        "list": lambda: os.listdir("/root"),
        "connect": lambda: socket.create_connection(("127.0.0.1", call.args.get("port", 80)), 2),
        "run": lambda: os.posix_spawn("/bin/ls", ["ls"], {}),
        "kill": lambda: os.kill(os.getppid(), 0),
    }.items():
        try:
            attempt()
            seen[name] = "worked"
        except OSError as error:
            seen[name] = f"refused: {error.strerror}"
    call.result(seen)

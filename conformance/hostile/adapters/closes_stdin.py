"""Closes its stdin after the handshake, and lives on."""
import os
import time

import peer

greeting = peer.hello()
peer.send("hello_ack", {"selected": "ipc.v0"}, greeting["id"])
os.close(0)
peer.offer("deaf", ["x.y"])
time.sleep(60)

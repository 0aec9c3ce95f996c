"""Reads hello and nothing more."""
import os
import time

import peer

greeting = peer.hello()
peer.send("hello_ack", {"selected": "ipc.v0"}, greeting["id"])
peer.offer("deaf", ["x.y"])
time.sleep(60)

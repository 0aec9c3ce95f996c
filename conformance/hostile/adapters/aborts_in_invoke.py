"""Aborts while a call is open."""
import os

import peer

for call in peer.serve("aborts", ["x.y"]):
    os.abort()

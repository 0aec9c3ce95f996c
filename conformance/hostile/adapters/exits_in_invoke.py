"""Exits with status 0 while a call is open."""
import peer

for call in peer.serve("exits", ["x.y"]):
    raise SystemExit(0)

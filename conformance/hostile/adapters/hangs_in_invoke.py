"""Never answers a call, and ignores cancel."""
import peer

for call in peer.serve("hangs", ["x.y"]):
    pass

"""Takes more memory than it may."""
import peer

for call in peer.serve("hungry", ["x.y"]):
    call.result({"n": len(bytearray(1 << 30))})

"""Uses the processor for ever."""
import peer

for call in peer.serve("spins", ["x.y"]):
    while True:
        pass

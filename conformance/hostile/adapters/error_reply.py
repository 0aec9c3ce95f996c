"""Cannot do it, and says so."""
import peer

for call in peer.serve("cannot", ["x.y"]):
    call.error("ADAPTER_DISK_FULL", "no room for the result")

"""Prints a banner before anything else."""
import peer

print("Welcome to adapter 3000!", flush=True)
for call in peer.serve("banner", ["x.y"]):
    call.result({"n": 1})

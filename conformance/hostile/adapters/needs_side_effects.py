"""Offers an operation with side effects that nobody granted."""
import peer

for call in peer.serve("effects", ["x.y"], sideEffects=["network"]):
    call.result({})

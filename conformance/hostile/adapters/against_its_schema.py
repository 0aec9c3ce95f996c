"""Breaks the output schema that it offered."""
import peer

schema = {"type": "object", "properties": {"n": {"type": "integer"}}}
for call in peer.serve("breaks", ["x.y"], outputSchema=schema):
    call.result({"n": "one"})

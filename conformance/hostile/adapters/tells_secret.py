"""Tells the secret that it was given in every form it knows."""
import base64
import json
import os
import sys
import urllib.parse

import peer

secret = os.environ["API_TOKEN"]
forms = [
    secret,
    base64.b64encode(secret.encode()).decode(),
    base64.urlsafe_b64encode(b"x" + secret.encode()).decode(),
    urllib.parse.quote(secret, safe=""),
    json.dumps(secret),
    json.dumps(json.dumps(secret)),
]
print(*forms, sep="\n", file=sys.stderr, flush=True)
for call in peer.serve("tells", ["x.y", "x.fail", "x.print"]):
    if call.op == "x.fail":
        call.error("ADAPTER_TOLD", " ".join(forms), details={"forms": forms, secret: 1})
    elif call.op == "x.print":
        print(secret, flush=True)
    else:
        call.progress(0, message=" ".join(forms))
        call.result({"forms": forms, secret: "as a name"})

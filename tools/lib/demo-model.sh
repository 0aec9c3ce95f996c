# shellcheck shell=bash
# Local models, on real input. Sourced by tools/demo, whose `show` and `title` it uses.

cp ../../examples/models/* .
title "What a model file says of itself, read in the sandbox"
show "$runner" model inspect tiny-words.gguf
title "Its bytes are those of its manifest"
show "$runner" model verify tiny-words.gguf --manifest tiny-words.manifest.json
title "Which profile serves a task, and why"
show "$runner" model route --task triage --profiles .
title "A model is imported with its licence, its origin and its tasks on record"
show "$runner" model import tiny-words.gguf --license MIT --origin "this repository" --task router --store store
show "$runner" model list --store store
title "An answer as JSON of a schema"
cat >answer.schema.json <<'SCHEMA'
{"type": "object", "properties": {"answer": {"type": "string", "maxLength": 30}}, "required": ["answer"], "additionalProperties": false}
SCHEMA
show "$runner" infer "What colour is the sky?" --profile tiny-words.profile.json --json-schema answer.schema.json --max-tokens 120
title "A byte of the model is changed: it does not run, and that is on record"
mkdir changed
cp tiny-words.* changed
printf 'x' | dd of=changed/tiny-words.gguf bs=1 seek=300000 conv=notrunc status=none
expected=1 show "$runner" infer "What colour is the sky?" --profile changed/tiny-words.profile.json
title "The same model for programs that speak the OpenAI API"
"$demo/prefix/bin/contract-serve" --profile tiny-words.profile.json --port 0 >address 2>serve.log &
server=$!
trap 'kill $server 2>/dev/null || true' EXIT
until [ -s address ]; do
    kill -0 $server 2>/dev/null || { cat serve.log >&2; exit 1; }
    read -rt 0.1 <> <(:) || true
done
cat >ask.py <<'ASK'
"""One question, with the standard library alone."""
import json, sys, urllib.request
body = {"model": "tiny-words", "messages": [{"role": "user", "content": "What colour is the sky?"}], "max_tokens": 40}
models = json.load(urllib.request.urlopen(sys.argv[1] + "/v1/models"))
body["model"] = models["data"][0]["id"]
request = urllib.request.Request(sys.argv[1] + "/v1/chat/completions", json.dumps(body).encode(), {"content-type": "application/json"})
with urllib.request.urlopen(request) as answer:
    print(json.load(answer)["choices"][0]["message"]["content"], "| receipt:", answer.headers["x-inference-receipt"])
ASK
show python3 ask.py "$(cat address)"
kill $server
wait $server || true
title "A question, answered in the sandbox by the model that we trained ourselves"
show "$runner" infer "What colour is the sky?" --profile tiny-words.profile.json
title "Its receipt, in the chain with all of the above"
tail -n 1 .workstation/inference/receipts.ndjson >receipt.json
show python3 -m json.tool --sort-keys receipt.json
show "$runner" verify .workstation/inference
show "$runner" verify .workstation/runs/latest

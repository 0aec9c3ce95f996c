"""Writes profile, manifest and pack beside the GGUF files, with the digests that the files really have."""

import argparse
import hashlib
import json
from pathlib import Path

LICENCE = "MIT OR Apache-2.0"
BASE, ADAPTER = "tiny-words.gguf", "tiny-words-caps.lora.gguf"
CONTEXT, ROOM_FOR_ANSWER = 256, 56

POLICY = {
    "localOnlyDefault": True, "sendPromptOffDeviceDefault": False, "allowToolUse": False, "allowNetwork": False,
    "allowModelDownload": False, "requiresExplicitPull": True, "maxPromptChars": CONTEXT - ROOM_FOR_ANSWER,
    "fallbackProfileRefs": [],
}

PROFILE = {
    "schemaVersion": "v0.1",
    "kind": "LocalModelProfile",
    "profileId": "urn:srcos:model-profile:tiny-words",
    "displayName": "Tiny Words",
    "runtime": {"kind": "llama.cpp", "endpoint": None, "defaultLocalPort": None, "launchCommand": None, "healthCommand": None},
    "model": {
        "provider": "contract-runner", "family": "Tiny Words", "name": "tiny-words", "parameterClass": "sub-1b",
        "ollamaRef": None, "ggufRef": f"file:{BASE}", "contextWindowHint": CONTEXT, "diskSizeHintMb": 1, "memoryHintMb": 16,
        "licenseRef": LICENCE, "sourceRef": "tools/tiny-model/README.md",
    },
    "roles": ["router", "triage", "summarization"],
    "policy": POLICY,
    "evidence": {"emitModelAvailability": True, "emitRuntimeHealth": True, "emitRoutingDecision": True,
                 "emitPromptHashOnly": True},
    "notes": "A model of 0.7 million parameters for tests and first steps. It knows its small corpus and little else.",
}


def digest(data: bytes) -> str:
    """SHA-256 in hexadecimal digits."""
    return hashlib.sha256(data).hexdigest()


def policy_digest() -> str:
    """SHA-256 of the profile's policy in RFC 8785 form; for these names and values that is JSON sorted and without blanks."""
    return digest(json.dumps(POLICY, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode())


def entry(name: str, kind: str, folder: Path, base: dict | None = None) -> dict:
    """One entry of the manifest."""
    return {
        "entryId": f"urn:srcos:model-carry-entry:{name.split('.')[0]}", "entryKind": kind, "modelRef": f"file:{name}",
        "contentSha256": digest((folder / name).read_bytes()), "policySha256": policy_digest(),
        "targeting": {"deviceClass": ["any"], "osVersionRange": None, "locale": None},
        "baseEntryRef": base["entryId"] if base else None, "baseContentSha256": base["contentSha256"] if base else None,
    }


def manifest(folder: Path) -> dict:
    """Both files; the adapter pins its base."""
    base = entry(BASE, "base", folder)
    return {
        "schemaVersion": "v0.1", "kind": "ModelCarryManifest", "manifestId": "urn:srcos:model-carry-manifest:tiny-words",
        "version": 1, "prevManifestSha256": None,
        "integrity": {"contentHashAlgorithm": "sha256", "transportMustBeIntegrityChecked": True,
                      "integrityFailureIsHardStop": True},
        "entries": [base, entry(ADAPTER, "adapter", folder, base)],
        "notes": "policySha256 covers the policy of tiny-words.profile.json in RFC 8785 form.",
    }


def pack(folder: Path) -> dict:
    """The base model as a pack. It is ours, hashed and licensed, so it is no model that an operator brings."""
    return {
        "schemaVersion": "v0.1", "kind": "ModelCarryPack", "packId": "urn:srcos:model-carry-pack:tiny-words",
        "displayName": "Tiny Words", "profileKey": "tiny-router",
        "model": {"name": "tiny-words", "family": "Tiny Words", "parameterClass": "sub-1b", "quantization": "Q8_0",
                  "format": "gguf", "contextWindowHint": CONTEXT, "diskSizeHintMb": 1, "memoryHintMb": 16},
        "runtimeCompatibility": ["llama.cpp"],
        "footprint": {"minimumFreeGb": 8, "recommendedFreeGb": 8, "minimumRamGb": 1, "recommendedRamGb": 1},
        "provenance": {"sourceKind": "local-file", "sourceUrl": None, "licenseRef": LICENCE,
                       "modelCardRef": "tools/tiny-model/README.md", "sha256": digest((folder / BASE).read_bytes()),
                       "sha256RequiredBeforeEligibility": True},
        "taskClasses": ["router", "triage", "summarization", "repo-triage"],
        "labels": ["local-only", "low-memory"],
        "policy": {"localOnlyDefault": True, "promptEgressDefault": "deny", "allowToolUseDefault": False,
                   "allowNetworkDefault": False, "requiresExplicitImport": True, "requiresEvidence": True,
                   "eligibleForRoutingBeforeHash": False, "maxPromptChars": CONTEXT - ROOM_FOR_ANSWER},
        "evidence": {"emitPackVerification": True, "emitRuntimeHealth": True, "emitRouteDecision": True,
                     "emitPromptHashOnly": True},
        "notes": "8 GB free is the floor of the tiny-router class; the file itself has less than 1 MB.",
    }


def main() -> None:
    """Writes the three documents."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="folder of the two GGUF files")
    folder = parser.parse_args().folder
    for name, document in {"profile": PROFILE, "manifest": manifest(folder), "pack": pack(folder)}.items():
        text = json.dumps(document, indent=2, ensure_ascii=False) + "\n"
        (folder / f"tiny-words.{name}.json").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()

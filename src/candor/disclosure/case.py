"""The package's contents in CASE/UCO JSON-LD (CASE 1.x, cyber-investigation analysis), for tools of laboratories.

Written as plain JSON; nothing here depends on an ontology library. `hashMethod` is a plain text: the vocabulary's own
type draws a warning from the CASE validator, and a text with its type spelled out is not found in the vocabulary.
Conforms to CASE 1.5.0 (case_validate of case-utils 0.18.0, without any allowance).
"""

from __future__ import annotations

import json
import uuid
from typing import Any

from candor import __version__

_CONTEXT = {
    "candor": "https://candor.invalid/ns/kb/",
    "case-investigation": "https://ontology.caseontology.org/case/investigation/",
    "uco-action": "https://ontology.unifiedcyberontology.org/uco/action/",
    "uco-core": "https://ontology.unifiedcyberontology.org/uco/core/",
    "uco-identity": "https://ontology.unifiedcyberontology.org/uco/identity/",
    "uco-observable": "https://ontology.unifiedcyberontology.org/uco/observable/",
    "uco-tool": "https://ontology.unifiedcyberontology.org/uco/tool/",
    "uco-types": "https://ontology.unifiedcyberontology.org/uco/types/",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
}
#: Nodes get identifiers that follow from what they stand for, so that the same hand-out gives the same bytes.
_NAMESPACE = uuid.UUID("6f0f8a5e-3c1d-5b8e-9f53-0f6a5a4ad1b7")


def case_uco(
    package: str, agency: dict[str, str], recordings: list[dict[str, Any]], *, actor: str, at: str, recipient: str
) -> str:
    """The JSON-LD document. `recordings` as in data/recordings.json; `at` the time of the hand-out, RFC 3339."""
    organization = _node("organization", agency["id"] or agency["name"])
    tool = _node("tool", "candor")
    performer = _node("account", actor)
    graph: list[dict[str, Any]] = [
        {"@id": organization, "@type": "uco-identity:Organization", "uco-core:name": agency["name"]},
        {"@id": tool, "@type": "uco-tool:Tool", "uco-core:name": "Candor", "uco-tool:version": __version__},
        {"@id": performer, "@type": "uco-identity:Identity", "uco-core:name": f"account {actor}"},
    ]
    for recording in recordings:
        files = [_file(recording, part) for part in recording["parts"]]
        graph += files
        record = _node("record", recording["id"])
        objects = [{"@id": file["@id"]} for file in files]
        graph.append(
            {
                "@id": record,
                "@type": "case-investigation:ProvenanceRecord",
                "uco-core:description": f"Recording {recording['id']} as sealed at intake",
                "case-investigation:exhibitNumber": recording["id"],
                "uco-core:object": objects,
            }
        )
        times = {"intake": recording["metadata"]["received_at"], "export": at}
        words = {"intake": "Received and sealed", "export": f"Handed out; recipient: {recipient}"}
        for kind, time in times.items():
            graph.append(
                {
                    "@id": _node(kind, f"{package}/{recording['id']}"),
                    "@type": "case-investigation:InvestigativeAction",
                    "uco-core:name": kind,
                    "uco-core:description": words[kind],
                    "uco-action:startTime": {"@type": "xsd:dateTime", "@value": time},
                    "uco-action:endTime": {"@type": "xsd:dateTime", "@value": time},
                    "uco-action:performer": {"@id": performer if kind == "export" else organization},
                    "uco-action:instrument": {"@id": tool},
                    "uco-action:object": objects,
                    "uco-action:result": {"@id": record},
                }
            )
    return json.dumps({"@context": _CONTEXT, "@graph": graph}, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def _file(recording: dict[str, Any], part: dict[str, Any]) -> dict[str, Any]:
    key = f"{recording['id']}/{part['part']}"
    return {
        "@id": _node("file", key),
        "@type": "uco-observable:File",
        "uco-core:hasFacet": [
            {
                "@id": _node("file-facet", key),
                "@type": "uco-observable:FileFacet",
                "uco-observable:fileName": part["file"].rsplit("/", 1)[-1],
                "uco-observable:filePath": part["file"],
                "uco-observable:sizeInBytes": {"@type": "xsd:integer", "@value": str(part["size"])},
            },
            {
                "@id": _node("content-facet", key),
                "@type": "uco-observable:ContentDataFacet",
                "uco-observable:sizeInBytes": {"@type": "xsd:integer", "@value": str(part["size"])},
                "uco-observable:hash": [
                    {
                        "@id": _node("hash", key),
                        "@type": "uco-types:Hash",
                        "uco-types:hashMethod": "SHA256",
                        "uco-types:hashValue": {"@type": "xsd:hexBinary", "@value": part["sha256"]},
                    }
                ],
            },
        ],
    }


def _node(kind: str, of: str) -> str:
    return f"candor:{kind}-{uuid.uuid5(_NAMESPACE, f'{kind}:{of}')}"

"""The papers in a package: CASE/UCO, the draft certificate, the instructions."""

from __future__ import annotations

import json
import re
import zlib
from base64 import a85decode
from datetime import UTC, datetime
from typing import Any

import pytest

from candor.disclosure.case import case_uco
from candor.disclosure.certificate import Facts, certificate
from candor.disclosure.instructions import instructions

AT = datetime(2026, 11, 22, 10, 11, 12, tzinfo=UTC)


def recording(number: int, parts: int = 1, serial: str = "X60A12345") -> dict[str, Any]:
    return {
        "id": f"0192f0c8-0000-7000-8000-{number:012d}",
        "metadata": {
            "device": {"make": "Axon", "model": "Body 4", "serial": serial, "kind": "body"},
            "received_at": "2026-11-22T10:11:12.123456Z",
            "started_at": "2026-11-22T09:11:12.123456Z",
            "started_source": "claim",
        },
        "parts": [
            {
                "file": f"data/originals/{number:02d}-{part:02d}-clip.mp4",
                "part": part,
                "sha256": f"{part:064x}",
                "size": 1000 + part,
            }
            for part in range(1, parts + 1)
        ],
    }


def drawn(recordings: list[dict[str, Any]], **changed: Any) -> bytes:
    plan = {
        "agency": changed.pop("agency", "State Troop Q"),
        "payload": {"data/recordings.json": json.dumps({"recordings": recordings})},
    }
    known: dict[str, Any] = {
        "package": "0192f0c8-1111-7000-8000-000000000001",
        "created_at": AT,
        "compared_at": AT,
        "recipient": "Public Defender",
        "manifest_sha256": "ab" * 32,
        "origin": "evidence.example.gov/log",
        "fingerprint": "cd" * 32,
        "checkpoint_size": 12345,
        "witnessed": True,
    }
    return certificate(Facts.of(plan, **(known | changed)))


def pages(pdf: bytes) -> list[str]:
    """The text of each page, as far as these plain fonts show it."""
    found = []
    for stream in re.findall(rb"stream\r?\n(.*?)endstream", pdf, re.DOTALL):
        content = zlib.decompress(a85decode(stream.strip().removesuffix(b"~>")))
        shown = b" ".join(re.findall(rb"\(((?:[^()\\]|\\.)*)\) Tj", content))
        text = re.sub(rb"\\([0-7]{3})", lambda m: bytes([int(m[1], 8)]), shown)
        found.append(re.sub(rb"\\(.)", rb"\1", text).decode("cp1252", "replace"))
    return found


def test_every_page_of_the_certificate_says_draft() -> None:
    found = pages(drawn([recording(n, 3) for n in range(1, 40)]))
    assert len(found) > 5
    for number, text in enumerate(found, 1):
        assert "DRAFT FOR COUNSEL" in text
        assert "NOT SIGNED" in text
        assert f"Page {number} of {len(found)}" in text
    whole = " ".join(found)
    assert "1746" in whole
    assert "The 117 files" in whole
    assert all(f"{part:064x}"[32:] in whole for part in (1, 2, 3))


def test_the_certificate_is_the_same_each_time_and_takes_markup_for_text() -> None:
    first = drawn([recording(1)], agency="Q & <b>R</b> (Müller)", recipient="<font size=99>")
    assert first == drawn([recording(1)], agency="Q & <b>R</b> (Müller)", recipient="<font size=99>")
    whole = "".join("".join(pages(first)).split())  # drawn in pieces; what counts is that it is drawn
    assert "Q&<b>R</b>(Müller)" in whole
    assert "<fontsize=99>" in whole


@pytest.mark.parametrize("name", ["Полиция штата", "警察局", "شرطة", "line\u0007bell", "Łódź"])
def test_letters_that_the_fonts_lack_are_not_printed_as_boxes(name: str) -> None:
    pdf = drawn([recording(1, serial=name)], agency=name, recipient=name)
    whole = " ".join(" ".join(pages(pdf)).split())
    assert whole.count("does not print; see bag-info.txt") == 2
    assert whole.count("does not print; see data/recordings.json") == 1
    assert b"ZapfDingbats" not in pdf
    assert b"/Symbol" not in pdf


def test_case_uco_has_the_shape_that_the_validator_accepts() -> None:
    agency = {"id": "0192f0c8-2222-7000-8000-000000000001", "name": "State Troop Q"}
    known: dict[str, Any] = {"actor": "system:cli", "at": "2026-11-22T10:11:12.123456Z", "recipient": "PD"}
    text = case_uco("0192f0c8-1111-7000-8000-000000000001", agency, [recording(1, 2), recording(2)], **known)
    assert text == case_uco("0192f0c8-1111-7000-8000-000000000001", agency, [recording(1, 2), recording(2)], **known)
    document = json.loads(text)
    nodes = {node["@id"]: node for node in document["@graph"]}
    assert len(nodes) == len(document["@graph"])
    kinds = [node["@type"] for node in nodes.values()]
    assert kinds.count("uco-observable:File") == 3
    assert kinds.count("case-investigation:ProvenanceRecord") == 2
    assert kinds.count("case-investigation:InvestigativeAction") == 4
    prefixes = set(document["@context"])
    for node in nodes.values():
        for key in [*node, node["@type"]]:
            assert key.startswith("@") or key.split(":")[0] in prefixes
        for end in ("uco-action:performer", "uco-action:instrument", "uco-action:result"):
            assert end not in node or node[end]["@id"] in nodes
        for one in [*node.get("uco-core:object", []), *node.get("uco-action:object", [])]:
            assert one["@id"] in nodes
        for facet in node.get("uco-core:hasFacet", []):
            for value in facet.get("uco-observable:hash", []):
                assert value["uco-types:hashMethod"] == "SHA256"  # plain: see the module
                assert value["uco-types:hashValue"]["@type"] == "xsd:hexBinary"


def test_the_instructions_are_lines_that_fit() -> None:
    known: dict[str, Any] = {
        "agency": "State Troop Q",
        "package": "0192f0c8-1111-7000-8000-000000000001",
        "created_at": AT,
        "recipient": "Public Defender",
        "origin": "evidence.example.gov/log",
        "vkey": "evidence.example.gov/log+01234567+AQ==",
    }
    text = instructions(**known)
    assert text.isascii()
    assert max(map(len, text.splitlines())) <= 80
    assert "{" not in text.replace("ForEach-Object {", "").replace(") { ", "")
    assert "step 7 of the check tells" in text  # and this text does not: it is written before the log is asked

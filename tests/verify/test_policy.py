from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from candor.verify.errors import Malformed, NoKnownSignature, QuorumNotMet, VerifyError, WrongOrigin
from candor.verify.note import COSIGNATURE_ED25519, COSIGNATURE_ML_DSA_44, ED25519, Note, VerifierKey
from candor.verify.policy import Policy, PolicyGroup, PolicyLog, PolicyWitness

VECTORS = json.loads((Path(__file__).parent / "vectors" / "custody-log.json").read_text("utf-8"))
NOTE = Note.parse(VECTORS["checkpoint7_cosigned"])
LOG, WITNESS = VerifierKey.parse(VECTORS["log_vkey"]), VerifierKey.parse(VECTORS["witness_vkey"])


def witness_key(n: int) -> VerifierKey:
    return VerifierKey(f"w{n}.example", bytes([n]) * 32, COSIGNATURE_ED25519)


KEYS = {f"X{n}": witness_key(n) for n in (1, 2, 3)} | {f"Y{n}": witness_key(10 + n) for n in (1, 2, 3)}

# The example of the specification, with keys.
EXAMPLE = f"""
  # who may sign
\tlog {LOG.format()}   https://log.example/

""" + "".join(f"witness {name} {key.format()}\n" for name, key in KEYS.items())
EXAMPLE += """group X-witnesses 2 X1 X2 X3
group Y-witnesses any Y1 Y2 Y3
group X-and-Y all X-witnesses Y-witnesses
quorum X-and-Y
"""


def test_the_example_of_the_specification() -> None:
    policy = Policy.parse(EXAMPLE)
    assert policy.log_keys == (LOG,)
    assert policy.logs[0].url == "https://log.example/"
    assert len(policy.witness_keys) == 6
    for names, met in [
        ("", False),
        ("X1 X2", False),
        ("X1 X2 X3", False),
        ("Y1 Y2 Y3", False),
        ("X1 Y1", False),
        ("X1 X2 Y3", True),
        ("X1 X2 X3 Y1 Y2 Y3", True),
    ]:
        assert policy.is_met_by(KEYS[name] for name in names.split()) is met, names


@given(st.sets(st.sampled_from(sorted(KEYS))))
def test_the_quorum_is_counted_as_the_sentence_says(names: set[str]) -> None:
    policy = Policy.parse(EXAMPLE)
    expected = sum(n[0] == "X" for n in names) >= 2 and any(n[0] == "Y" for n in names)
    assert policy.is_met_by([KEYS[name] for name in names]) is expected
    # A stranger's cosignature, or the same witness twice, adds nothing.
    repeated = [KEYS[name] for name in names] * 3 + [witness_key(99)]
    assert policy.is_met_by(repeated) is expected


@st.composite
def policies(draw: st.DrawFn) -> Policy:
    words = st.from_regex(r"[^\x00-\x20\x7f\ud800-\udfff]{1,12}", fullmatch=True).filter(lambda w: w != "none")
    names = draw(st.lists(words, unique=True, max_size=8))
    cut = draw(st.integers(0, len(names)))
    urls = st.none() | words
    witnesses = [PolicyWitness(name, witness_key(n), draw(urls)) for n, name in enumerate(names[:cut], 1)]
    free, groups = list(names[:cut]), []
    for name in names[cut:]:
        if not free:
            break
        taken = draw(st.integers(1, len(free)))
        members, free = free[:taken], [*free[taken:], name]
        groups.append(PolicyGroup(name, draw(st.integers(1, taken)), tuple(members)))
    defined = [*names[:cut], *(group.name for group in groups)]
    logs = [PolicyLog(VerifierKey(f"l{n}", bytes([n]) * 32), draw(urls)) for n in range(draw(st.integers(0, 2)))]
    quorum = draw(st.sampled_from([None, *defined]))
    return Policy(tuple(logs), tuple(witnesses), tuple(groups), quorum)


@settings(deadline=None)
@given(policies())
def test_policies_are_read_back(policy: Policy) -> None:
    data = policy.format()
    assert Policy.parse(data) == policy
    assert Policy.parse(data.removesuffix(b"\n")) == policy
    assert Policy.parse(b"# comment \xff\n\n" + data.replace(b" ", b" \t ")) == policy


def test_names_are_opaque_octets() -> None:
    line = f" {witness_key(1).format()}\nquorum ".encode()
    for name in (b"K", b"\xe2\x84\xaa", b"\xff\xfe", "témoin".encode()):
        data = b"witness " + name + line + name + b"\n"
        policy = Policy.parse(data)
        assert policy.format() == data
    with pytest.raises(Malformed, match="not defined above"):
        Policy.parse(b"witness K" + line + b"\xe2\x84\xaa\n")


W1, W2 = witness_key(1).format(), witness_key(2).format()


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "no quorum"),
        (f"log {LOG.format()}\n", "no quorum"),
        ("quorum none\nquorum none\n", "line 2"),
        ("quorum\n", "line 1"),
        ("quorum a\n", "not defined above"),
        ("quorum none none\n", "line 1"),
        ("log\nquorum none\n", "line 1"),
        ("log x\nquorum none\n", "verifier key"),
        (f"log {LOG.format()} a b\nquorum none\n", "line 1"),
        (f"log {LOG.format()}\nlog {LOG.format()}\nquorum none\n", "twice"),
        (f"log {VerifierKey('renamed', LOG.public).format()}\nlog {LOG.format()}\nquorum none\n", "twice"),
        (f"log {W1}\nquorum none\n", "not that of a log"),
        (f"witness a {LOG.format()}\nquorum none\n", "not that of a witness"),
        (f"witness a {W1}\nwitness a {W2}\nquorum none\n", "taken"),
        (f"witness a {W1}\nwitness b {W1}\nquorum none\n", "twice"),
        (f"witness none {W1}\nquorum none\n", "taken"),
        (f"quorum a\nwitness a {W1}\n", "line 1"),
        (f"group g all a\nwitness a {W1}\nquorum none\n", "line 1: a is not defined above"),
        (f"witness a {W1}\ngroup g all a a\nquorum g\n", "twice"),
        (f"witness a {W1}\ngroup g all a\ngroup h all a\nquorum g\n", "twice"),
        (f"witness a {W1}\ngroup a all a\nquorum a\n", "taken"),
        (f"witness a {W1}\ngroup g all g\nquorum g\n", "not defined"),
        (f"witness a {W1}\ngroup g all none\nquorum g\n", "not defined"),
        (f"witness a {W1}\ngroup g 0 a\nquorum g\n", "not possible"),
        (f"witness a {W1}\ngroup g 2 a\nquorum g\n", "not possible"),
        (f"witness a {W1}\ngroup g 01 a\nquorum g\n", "decimal"),
        (f"witness a {W1}\ngroup g -1 a\nquorum g\n", "decimal"),
        (f"witness a {W1}\ngroup g most a\nquorum g\n", "decimal"),
        (f"witness a {W1}\ngroup g all\nquorum a\n", "line 2"),
        ("trust everybody\nquorum none\n", "line 1"),
        ("quorum none\r\n", "control character"),
        ("quorum none\x7f\n", "control character"),
        ("\ufeffquorum none\n", "line 1"),
        ("quorum\u00a0none\n", "line 1"),
        ("#" * 1_000_001, "longer"),
    ],
    ids=lambda text: repr(text[:30]),
)
def test_other_policies_are_refused_and_the_line_named(text: str, reason: str) -> None:
    with pytest.raises(Malformed, match="trust policy") as caught:
        Policy.parse(text)
    assert reason in str(caught.value.fields["reason"])


@given(
    st.binary(max_size=200)
    | st.lists(
        st.sampled_from(
            ["log", "witness", "group", "quorum", "none", "all", "any", "1", "a", "b", W1, LOG.format(), "#", "\n"]
        ),
        max_size=20,
    ).map(lambda words: " ".join(words).encode())
)
def test_arbitrary_bytes_end_in_a_policy_or_the_room_s_error(data: bytes) -> None:
    try:
        policy = Policy.parse(data)
    except VerifyError:
        return
    assert Policy.parse(policy.format()) == policy


def test_a_checkpoint_is_verified_by_the_policy() -> None:
    policy = Policy((PolicyLog(LOG),), (PolicyWitness("w", WITNESS),), (), "w")
    assert policy.verify_log(NOTE).size == 7
    assert [c.timestamp for c in policy.verify_witnesses(NOTE)] == [1_760_000_000]
    unwitnessed = Note(NOTE.text, NOTE.signatures[:1])
    with pytest.raises(QuorumNotMet, match=r"quorum w\); cosigned by: nobody") as caught:
        policy.verify_witnesses(unwitnessed)
    assert caught.value.exit_code == 27
    assert Policy((PolicyLog(LOG),)).verify_witnesses(unwitnessed) == ()
    with pytest.raises(WrongOrigin):
        Policy((PolicyLog(VerifierKey("other.example", LOG.public)),)).verify_log(NOTE)
    with pytest.raises(NoKnownSignature):
        Policy((PolicyLog(VerifierKey(LOG.name, bytes(32), ED25519)),)).verify_log(NOTE)


def test_a_witness_of_a_kind_that_cannot_be_checked_never_counts() -> None:
    key = VerifierKey("pq.example", bytes(1312), COSIGNATURE_ML_DSA_44)
    policy = Policy.parse(f"log {LOG.format()}\nwitness pq {key.format()}\nquorum pq\n")
    with pytest.raises(QuorumNotMet):
        policy.verify_witnesses(NOTE)

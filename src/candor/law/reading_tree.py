"""From the bytes of a YAML file to a tree of texts, lists and entries that know their line. Nothing is guessed.

Every scalar is text: `no` is not false, `2016-07-01` is not a date until somebody asks for one. What YAML can do beyond
that (anchors, aliases, tags, several documents, keys said twice) is refused: a pack has to mean what it seems to mean.
A file is read event by event and left at the first limit, so that a hostile one costs nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import yaml

__all__ = ["DEEPEST", "LARGEST", "Entries", "Fault", "Items", "Node", "Stop", "Text", "shown", "tree"]


#: Bytes of one pack.
LARGEST = 1 << 20
#: Lists and entries within each other.
DEEPEST = 8
#: libyaml where PyYAML has it: the same language, many times as fast.
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
#: The one tag that plain YAML gives by itself.
_PLAIN_TAGS = (None, "!")


@dataclass(frozen=True)
class Fault:
    """What is wrong on a line, and how to mend it. Line 0: of the file as a whole."""

    line: int
    what: str
    mend: str


class Stop(Exception):
    """The file cannot be read further than this fault."""

    def __init__(self, fault: Fault) -> None:
        self.fault = fault
        super().__init__(fault.what)


@dataclass(frozen=True)
class Text:
    """A scalar, as it is written."""

    value: str
    line: int


@dataclass(frozen=True)
class Items:
    """A list."""

    items: tuple[Node, ...]
    line: int


@dataclass(frozen=True)
class Entries:
    """Keys and what they hold; the line of each key."""

    entries: dict[str, Node]
    lines: dict[str, int]
    line: int


Node = Text | Items | Entries


@dataclass
class _Open:
    """A list or entries whose end has not come yet."""

    line: int
    is_list: bool
    items: list[Node] = field(default_factory=list)
    entries: dict[str, Node] = field(default_factory=dict)
    lines: dict[str, int] = field(default_factory=dict)
    key: Text | None = None

    def closed(self) -> Node:
        if self.is_list:
            return Items(tuple(self.items), self.line)
        return Entries(self.entries, self.lines, self.line)


def tree(content: bytes, faults: list[Fault]) -> Node:
    """The tree of a file. Keys that are said twice are added to `faults`; what keeps the rest from being read raises
    Stop."""
    if len(content) > LARGEST:
        raise Stop(Fault(0, f"the file has {len(content):,} bytes", f"keep a pack under {LARGEST:,} bytes; split it"))
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise Stop(Fault(line, "what stands here is not UTF-8", "save the file as UTF-8")) from None
    try:
        return _tree(yaml.parse(text, Loader=_LOADER), faults)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        what = " ".join(str(error.problem or error.context or "this is not YAML").split())
        raise Stop(Fault(mark.line + 1 if mark else 0, f"this is not YAML: {what}", _YAML_MEND)) from None
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise Stop(Fault(line, "a character that may not stand in a text file", "take it out")) from None
    except (ValueError, OverflowError) as error:  # an escape that stands for no character
        raise Stop(Fault(0, f"this is not YAML: {error}", _YAML_MEND)) from None


_YAML_MEND = "look at indentation, colons and quotation marks on this line and the one before"


def _tree(events: Iterator[yaml.Event], faults: list[Fault]) -> Node:
    opened: list[_Open] = []
    root: Node | None = None
    for event in events:
        line = event.start_mark.line + 1 if event.start_mark else 0
        _refuse(event, line, root is not None)
        done: Node | None = None
        if isinstance(event, yaml.ScalarEvent):
            done = Text(event.value, line)
        elif isinstance(event, yaml.CollectionStartEvent):
            if len(opened) >= DEEPEST:
                raise Stop(Fault(line, f"more than {DEEPEST} levels within each other", "no pack needs so many"))
            opened.append(_Open(line, isinstance(event, yaml.SequenceStartEvent)))
        elif isinstance(event, yaml.CollectionEndEvent):
            done = opened.pop().closed()
        if done is not None:
            if opened:
                _put(opened[-1], done, faults)
            else:
                root = done
    if root is None:
        raise Stop(Fault(0, "the file is empty", "a pack begins with `id:`; see the reference of law packs"))
    return root


def _refuse(event: yaml.Event, line: int, ended: bool) -> None:
    """Refuse what makes YAML mean something else than it seems to."""
    if isinstance(event, yaml.AliasEvent):
        raise Stop(Fault(line, f"an alias (*{event.anchor})", "write out what it stands for"))
    if isinstance(event, yaml.NodeEvent) and event.anchor is not None:
        raise Stop(Fault(line, f"an anchor (&{event.anchor})", "take it out; nothing may refer to it"))
    if isinstance(event, yaml.ScalarEvent | yaml.CollectionStartEvent) and event.tag not in _PLAIN_TAGS:
        raise Stop(Fault(line, f"a tag ({event.tag})", "take it out; everything is text here"))
    if isinstance(event, yaml.DocumentStartEvent) and ended:
        raise Stop(Fault(line, "a second document begins here", "one pack per file: take out the line ---"))


def _put(into: _Open, node: Node, faults: list[Fault]) -> None:
    if into.is_list:
        into.items.append(node)
    elif into.key is None:
        if not isinstance(node, Text):
            raise Stop(Fault(node.line, "a key that is no word", "write a word and a colon"))
        into.key = node
    else:
        key, into.key = into.key, None
        if key.value in into.entries:
            first = into.lines[key.value]
            faults.append(Fault(key.line, f"`{shown(key.value)}` is said twice; first on line {first}", "keep one"))
            return
        into.entries[key.value] = node
        into.lines[key.value] = key.line


def shown(text: str) -> str:
    """Text of the file in a message: one line, no control characters, not long."""
    plain = "".join(character if character.isprintable() else " " for character in text)
    return plain if len(plain) <= 60 else f"{plain[:57]}…"

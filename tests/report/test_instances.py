"""Objects of one name are numbered in lanes and steps, where there are several."""

from __future__ import annotations

from pytest_concurrency.report.instances import told_apart
from pytest_concurrency.trace.outcome import Row


class Purse:
    coins = 0


def row(target: str, location: object, action: str = "read") -> Row:
    return Row("0", "f.py", 1, action, target, "1", "site", 1, location)


def told(*rows: Row) -> list[str]:
    return [each.target for each in told_apart(rows)]


def test_objects_of_one_class_are_numbered_by_their_appearance() -> None:
    first, second = (7, "coins"), (8, "coins")
    assert told(row("Wallet.coins", first), row("Wallet.owner", (7, "owner"))) == ["Wallet.coins", "Wallet.owner"]
    assert told(row("Wallet.coins", second), row("Wallet.coins", first), row("Wallet.owner", (8, "owner"))) == [
        "Wallet#1.coins", "Wallet#2.coins", "Wallet#1.owner",
    ]  # fmt: skip


def test_containers_and_calls_are_numbered_too() -> None:
    assert told(row("heappush(list)", (1, "container")), row("list[0]", (2, "container"))) == [
        "heappush(list#1)", "list#2[0]",
    ]  # fmt: skip
    assert told(row("Future", (1, "call"), "result"), row("Future", (2, "call"), "result")) == ["Future#1", "Future#2"]


def test_what_is_not_an_object_or_has_a_column_has_no_number() -> None:
    assert told(row("Thread", (1, "call"), "join"), row("Thread", (2, "call"), "join")) == ["Thread", "Thread"]
    assert told(row("lock #1", (1, "lock"), "acquire"), row("lock #2", (2, "lock"), "acquire")) == [
        "lock #1",
        "lock #2",
    ]
    assert told(row("f.txt", "/tmp/f.txt"), row("f.txt", "/var/f.txt"), row("", None)) == ["f.txt", "f.txt", ""]


def test_an_attribute_that_lives_in_the_class_is_no_other_object() -> None:
    default, own = row("Purse.coins", (id(Purse), "coins")), row("Purse.coins", (1, "coins"))
    assert told(default, own) == ["Purse.coins", "Purse.coins"]
    assert told(default, own, row("Purse.coins", (2, "coins"))) == ["Purse.coins", "Purse#1.coins", "Purse#2.coins"]


def test_containers_have_the_name_that_the_source_gives_them(tmp_path) -> None:
    path = tmp_path / "boxes.py"
    path.write_text("class Box:\n    def put(self):\n        self.items.append(self.names['a'])\n")
    rows = [
        Row("0", str(path), 3, action, target, "1", "site", 1, (identity, "container" if "." in target else "item"))
        for action, target, identity in (
            ("read", "dict['a']", 1), ("write", "list.append", 2), ("write", "list.append", 3), ("read", "dict['a']", 1),
        )
    ]  # fmt: skip
    assert [each.target for each in told_apart(rows)] == [
        "Box.names['a']", "Box.items#1.append", "Box.items#2.append", "Box.names['a']",
    ]  # fmt: skip

"""What children have written of items that their queues dropped."""

import json

from pytest_concurrency.watch.dropped import read_dropped


def test_a_line_that_a_child_did_not_finish_is_passed_over(tmp_path):
    written = tmp_path / "1.dropped"
    line = json.dumps(["a.py", 3, "f", "q.put(x)", "item (a lock)", "cannot pickle"])
    written.write_text(f"{line}\n{line[:20]}")
    assert [found.culprit for found in read_dropped([written])] == ["item (a lock)"]

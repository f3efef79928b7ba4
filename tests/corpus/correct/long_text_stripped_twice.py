"""Two workers strip one long text: whoever comes last writes what is there already, and nothing is lost."""

import pytest


class Document:
    def __init__(self, text):
        self.text = text
        self.mask = 1 << 200

    def clean(self):
        text = self.text
        self.text = text.rstrip()

    def mark(self):
        mask = self.mask
        self.mask = mask | 1


@pytest.fixture
def document():
    return Document("words " * 20)


@pytest.mark.stress_threads
def test_clean(document):
    document.clean()


@pytest.mark.stress_threads
def test_mark(document):
    document.mark()

"""wrapt 1.14.1, pull request 217: import hooks are called with the registry's lock held: deadlock."""

import threading
import types

import pytest
import wrapt
import wrapt.importer


@pytest.fixture
def hooks():
    wrapt.importer._post_import_hooks.clear()
    yield
    wrapt.importer._post_import_hooks.clear()


@pytest.mark.stress_threads(include=("wrapt",))
def test_hook_with_a_lock_of_its_own(thread_runner, hooks):
    lock = threading.Lock()
    seen = []

    def hook(module):
        with lock:
            seen.append(module.__name__)

    def register_another():
        with lock:
            wrapt.register_post_import_hook(hook, "never_imported")

    wrapt.register_post_import_hook(hook, "just_imported")
    module = types.ModuleType("just_imported")
    thread_runner.run(lambda: wrapt.notify_module_loaded(module), register_another)
    assert seen == ["just_imported"]

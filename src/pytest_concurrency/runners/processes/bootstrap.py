"""Bringing pytest's import rules into a fresh interpreter (start methods spawn and forkserver).

An :class:`Imports` object comes before everything else that is pickled for a worker: unpickling it imports the test
module under the session's rootdir, import mode and assertion rewriting, so that what follows finds its functions.
"""

from __future__ import annotations

import os
import sys
import types
from collections.abc import Generator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pytest

_AROUND: pytest.StashKey[Generator[None, object, object]] = pytest.StashKey()


@dataclass(frozen=True, slots=True)
class Imports:
    """How the test module ``module`` (file ``path``) was imported; plain data."""

    rootdir: str
    inipath: str | None
    path: str
    module: str
    import_mode: str
    namespace_packages: bool
    rewrite: bool
    rewritten: tuple[str, ...]
    options: tuple[tuple[str, Any], ...]

    def __reduce__(self) -> tuple[Any, ...]:
        return _restore, (asdict(self),)

    def apply(self) -> None:
        """Set up assertion rewriting and import the test module, once per process."""
        if self.module in sys.modules:
            return
        config = make_config(self)
        if self.rewritten:
            pytest.register_assert_rewrite(*[name for name in self.rewritten if name not in sys.modules])
        from _pytest.pathlib import import_path

        module = import_path(
            Path(self.path),
            mode=self.import_mode,
            root=Path(self.rootdir),
            consider_namespace_packages=self.namespace_packages,
        )
        sys.modules.setdefault(self.module, module)
        if self.rewrite:
            _explain_comparisons(config)


def imports_of(item: pytest.Function) -> Imports:
    """Return how the module of ``item`` was imported."""
    config = item.config
    module: Any = item.getparent(pytest.Module)
    namespace_packages = False
    if "consider_namespace_packages" in _ini_names(config):
        namespace_packages = bool(config.getini("consider_namespace_packages"))
    wanted = ("verbose", "tbstyle", "showlocals", "fulltrace", "assertmode", "importmode")
    return Imports(
        rootdir=str(config.rootpath),
        inipath=str(config.inipath) if config.inipath else None,
        path=str(item.path),
        module=module.obj.__name__,
        import_mode=str(config.getoption("importmode")),
        namespace_packages=namespace_packages,
        rewrite=config.getoption("assertmode", "rewrite") == "rewrite",
        rewritten=_rewritten_names(),
        options=tuple((name, config.getoption(name)) for name in wanted if hasattr(config.option, name)),
    )


def _ini_names(config: pytest.Config) -> Any:
    return getattr(config._parser, "_inidict", ())


def _rewritten_names() -> tuple[str, ...]:
    for hook in sys.meta_path:
        names = getattr(hook, "_must_rewrite", None)
        if names is not None:
            return tuple(sorted(name for name in names if not name.startswith("_pytest")))
    return ()


def _restore(values: dict[str, Any]) -> Imports:
    imports = Imports(**values)
    imports.apply()
    return imports


def make_config(imports: Imports) -> pytest.Config:
    """Return pytest's configuration as in the parent but without its plugins, as pytest-xdist does for its workers."""
    options: dict[str, Any] = dict(imports.options)
    options["plugins"] = ["no:terminal", "no:cacheprovider", "no:faulthandler"]
    options["noconftest"] = True
    options["rootdir"] = imports.rootdir
    options["inifilename"] = imports.inipath
    before = os.environ.get("PYTEST_DISABLE_PLUGIN_AUTOLOAD")
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    try:
        return pytest.Config.fromdictargs(options, [imports.path])
    finally:
        if before is None:
            del os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"]
        else:
            os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = before


def _explain_comparisons(config: pytest.Config) -> None:
    """Let rewritten asserts explain ``==`` and the like, as pytest does around each test: its own hook does it."""
    from _pytest import assertion

    around = assertion.pytest_runtest_protocol(types.SimpleNamespace(ihook=config.hook, config=config))  # type: ignore[arg-type]
    next(around)
    config.stash[_AROUND] = around  # kept open: closing it would undo what it did

"""Library functions that the code under test is handed instead of naming them: ``def f(clock=time.monotonic)``.

Where code loads such a function by its name, the rewritten code takes its controlled stand-in. A default argument, an
attribute of a class or of an object in a module was evaluated before: there the stand-in is put in its place.
"""

from __future__ import annotations

import types
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ..own_dict import class_dict, own_dict


def class_method(cls: type, name: str) -> Any:
    """Return the ``__setattr__`` or ``__delattr__`` that changes ``cls`` without running any code of its metaclass, but
    for what that has in C: ``type``'s own refuses a class that has such a metaclass, as ctypes' structures do."""
    metaclass: Any = type(cls)
    found = (vars(base).get(name) for base in metaclass.__mro__)
    return next(method for method in found if isinstance(method, types.WrapperDescriptorType))


@dataclass(frozen=True, slots=True)
class Injected:
    """One place that holds library functions: the value of ``name`` in ``holder``, as it was and as it is to be."""

    holder: Any
    name: str
    original: Any
    replacement: Any

    def put(self) -> None:
        """Put the stand-ins into the place, unless something else was put there meanwhile."""
        self._change(self.original, self.replacement)

    def undo(self) -> None:
        """Put back what was there, unless something else was put there meanwhile."""
        self._change(self.replacement, self.original)

    def _change(self, old: Any, new: Any) -> None:
        if isinstance(self.holder, dict):
            if self.holder.get(self.name) is old:
                self.holder[self.name] = new
        elif isinstance(self.holder, type):
            if vars(self.holder).get(self.name) is old:
                class_method(self.holder, "__setattr__")(self.holder, self.name, new)
        elif getattr(self.holder, self.name) is old:
            setattr(self.holder, self.name, new)


def in_defaults(functions: Iterable[types.FunctionType], stand_ins: Mapping[int, Any]) -> Iterator[Injected]:
    """Yield the default arguments of ``functions`` that hold a function with a stand-in."""
    for function in functions:
        defaults = function.__defaults__
        if defaults and any(id(value) in stand_ins for value in defaults):
            replaced = tuple(stand_ins.get(id(value), value) for value in defaults)
            yield Injected(function, "__defaults__", defaults, replaced)
        for name, value in (function.__kwdefaults__ or {}).items():
            if id(value) in stand_ins:
                yield Injected(function.__kwdefaults__, name, value, stand_ins[id(value)])


def in_attributes(
    names: Mapping[str, Any], modules: Collection[str], stand_ins: Mapping[int, Any]
) -> Iterator[Injected]:
    """Yield the attributes, of the classes in a module's ``names`` and of instances of classes of ``modules`` there,
    that hold a function with a stand-in."""
    for value in list(names.values()):
        is_class = issubclass(type(value), type)  # a proxy may say that it is one, or not bear the question
        cls = value if is_class else type(value)
        if type.__dict__["__module__"].__get__(cls) not in modules:
            continue
        if is_class:
            for name, held in list(class_dict(value).items()):
                # A function of C is no method there, and neither must be what stands in for it.
                function = held.__func__ if type(held) is staticmethod else held
                if id(function) in stand_ins:
                    yield Injected(value, name, held, staticmethod(stand_ins[id(function)]))
            continue
        own = own_dict(value) or {}
        for name, held in list(own.items()):
            if type(name) is str and id(held) in stand_ins:
                yield Injected(own, name, held, stand_ins[id(held)])

"""Where attributes live and what they hold, found without running any code of the program."""

from __future__ import annotations

import _thread
import types
from typing import Any

from ..own_dict import class_dict, mro, own_dict
from .location import View
from .values import MISSING

INSTANCE, SKIP, _CLASS, MODULE, _SLOT, LOCAL, EXPOSED = 1, 0, 2, 3, 4, 5, 6
_DATA = (types.MemberDescriptorType,)
_class_name = type.__dict__["__name__"].__get__
module_dict = vars(types.ModuleType)["__dict__"].__get__


def attribute_kind(cls: type, obj: Any, name: str) -> int:
    """Say where attribute ``name`` of an object of ``cls`` lives."""
    if issubclass(cls, types.ModuleType):
        return MODULE
    if issubclass(cls, type):
        return _CLASS
    if issubclass(cls, _thread._local):
        return LOCAL  # each thread has its own
    for base in cls.__mro__:
        found = base.__dict__.get(name, MISSING)
        if found is not MISSING:
            if isinstance(found, _DATA):
                return _SLOT
            if hasattr(type(found), "__set__") or hasattr(type(found), "__get__"):
                return SKIP if hasattr(type(found), "__set__") else INSTANCE
            break
    return INSTANCE


def owner_of(obj: Any, name: str, kind: int) -> Any:
    """Return the object that holds attribute ``name`` for reading: the instance, a class, a module's dict, or None."""
    if kind == MODULE:
        return module_dict(obj)  # a lazy module may have a property of that name
    if kind == _CLASS:
        for base in mro(obj) or ():  # None while the class is being made
            if name in class_dict(base):
                return base
        return obj
    if kind == _SLOT:
        return obj
    own = own_dict(obj)
    if own is not None and name in own:
        return obj
    for base in type(obj).__mro__:
        found = base.__dict__.get(name, MISSING)
        if found is not MISSING:
            return None if hasattr(type(found), "__get__") else base
    return obj


def _peek(owner: Any, name: str) -> Any:
    """Return the value of ``name`` in ``owner`` without running any code of the program."""
    if type(owner) is dict:
        return owner.get(name, MISSING)
    if issubclass(type(owner), type):
        return class_dict(owner).get(name, MISSING)
    own = own_dict(owner)
    if own is not None:
        value = own.get(name, MISSING)
        if value is not MISSING:
            return value
    for base in type(owner).__mro__:
        found = base.__dict__.get(name, MISSING)
        if type(found) is types.MemberDescriptorType:
            try:
                return found.__get__(owner)
            except AttributeError:
                return MISSING
    return MISSING


def _target(owner: Any, name: str) -> str:
    if type(owner) is dict:
        return name
    if issubclass(type(owner), type):
        return f"{_class_name(owner)}.{name}"
    return f"{type(owner).__name__}.{name}"


def _peek_default(pair: tuple[Any, Any], name: str) -> Any:
    value = _peek(pair[0], name)
    return value if value is not MISSING else _peek(pair[1], name)


ATTRIBUTE = View(_peek, _target)
DEFAULT = View(_peek_default, lambda pair, name: _target(pair[0], name))
"""An attribute that an object does not have yet, but its class does; the operands are (object, class) and the name."""
OWN = View(lambda pair, name: pair[1].get(name, MISSING), lambda pair, name: f"{type(pair[0]).__name__}.{name}")
"""An attribute in the dictionary of an instance; the operands are (instance, dictionary) and the name."""

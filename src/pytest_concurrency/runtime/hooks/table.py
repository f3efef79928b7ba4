"""The hooks of all accesses, to which a carrier adds those that take over what synchronises."""

from __future__ import annotations

from ...instrument.hooks import Hook, Hooks
from ..control import aside
from . import attributes, containers, variables
from .access import step
from .iteration import iterate


def hooks(method: Hook, enter: Hook, call: Hook, substitute: Hook) -> Hooks:
    """Return what rewritten code calls; the arguments are the hooks of the same names."""
    return Hooks(
        read_global=variables.read_global,
        write_global=variables.write_global,
        read_attr=attributes.read_attr,
        write_attr=attributes.write_attr,
        read_cell=variables.read_cell,
        write_cell=variables.write_cell,
        read_item=containers.read_item,
        write_item=containers.write_item,
        read_whole=containers.read_whole,
        write_whole=containers.write_whole,
        delete_item=containers.delete_item,
        iterate=iterate,
        read_position=attributes.read_position,
        method=method,
        enter=enter,
        call=call,
        substitute=substitute,
        step=step,
        aside=aside,
        called=containers.called,
        operate=containers.operate,
        look_over=containers.look_over,
        by_super=containers.by_super,
    )

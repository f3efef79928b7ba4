"""Strategies: who runs next. One file each, behind the protocol in :mod:`.base`."""

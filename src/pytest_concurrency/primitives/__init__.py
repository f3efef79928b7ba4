"""One file a synchronisation primitive: the controlled stand-in for each real object that can block."""

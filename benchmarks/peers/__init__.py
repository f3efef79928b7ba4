"""The same concurrent programs under this plugin, its peers, and plain threads."""

"""Programs with published figures, to measure the plugin with; not collected with the tests."""

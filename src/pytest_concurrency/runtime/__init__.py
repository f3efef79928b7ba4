"""The engine room: one execution of a program under one schedule."""

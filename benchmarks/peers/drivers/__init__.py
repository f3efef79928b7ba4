"""What runs one program under one tool, in a process of its own."""
